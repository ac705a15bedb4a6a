import { rmSync } from "node:fs";
import { join } from "node:path";

import { Project, exits, golden, test } from "../support/scenario.js";

test("a machine without docker is told what it lacks", async () => {
  const project = await Project.make();
  rmSync(join(project.root, "bin/docker"));
  const runs = [await project.run(), await project.run({ compose: "podman compose" })];
  for (const ran of runs) exits(ran, 2);
  golden(import.meta.url, ...runs);
});
