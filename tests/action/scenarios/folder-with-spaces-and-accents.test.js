import { execFileSync } from "node:child_process";

import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("folders may have spaces, accents and dollars in their names", async () => {
  const project = (await Project.make({ folder: "my projects/é $HOME" })).file("images of mine/Dockerfile ü", "FROM scratch\n");
  const ran = await project.run({ path: "images of mine", "working-directory": "my projects/é $HOME" });
  exits(ran, 0);
  const [, command = ""] = /```\n(find .*)\n```/.exec(ran.files.GITHUB_STEP_SUMMARY) ?? [];
  assert.equal(execFileSync("sh", ["-c", command], { cwd: project.folder, encoding: "utf8" }), `${ran.outputs.tag}  -\n`);
  golden(import.meta.url, ran);
});
