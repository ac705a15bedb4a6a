import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { Project, exits, golden, test } from "../support/scenario.js";

test("a path that is missing, empty, a file, a link or a loop is never a tag", async () => {
  const project = await Project.make();
  mkdirSync(join(project.folder, "empty/inside"), { recursive: true });
  symlinkSync("docker", join(project.folder, "link"));
  symlinkSync("loop", join(project.folder, "loop"));
  const runs = [];
  for (const path of ["dokcer", "empty", "compose.yml", "link", "loop/", "docker\nempty", "::error::x\n%0A::warning::y"]) {
    const ran = await project.run({ command: "tag", path });
    exits(ran, path === "loop/" ? 1 : 2);
    runs.push(ran);
  }
  golden(import.meta.url, ...runs);
});
