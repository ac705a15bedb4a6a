import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("with reuse the manifest of the first step gives the tag of all", async () => {
  const project = await Project.make();
  const first = await project.run({ command: "tag", reuse: "docker-ci.md5" });
  project.file("docker/later", "");
  const second = await project.run({ command: "tag", reuse: "docker-ci.md5" });
  for (const ran of [first, second]) exits(ran, 0);
  assert.equal(second.outputs.tag, first.outputs.tag);
  assert.deepEqual(readFileSync(join(project.folder, "docker-ci.md5")), readFileSync(first.outputs.manifest));
  golden(import.meta.url, first, second);
});
