import { execFileSync } from "node:child_process";

import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("several paths, one a line, are one set of inputs", async () => {
  const project = (await Project.make()).file("shared/run.sh", "#!/bin/sh\n").file("-dash/a", "").file("other/file", "does not count");
  const ran = await project.run({ command: "tag", path: "docker\r\nshared/\n\n./-dash\n" });
  exits(ran, 0);
  const [, command = ""] = /```\n(find .*)\n```/.exec(ran.files.GITHUB_STEP_SUMMARY) ?? [];
  assert.equal(execFileSync("sh", ["-c", command], { cwd: project.folder, encoding: "utf8" }), `${ran.outputs.tag}  -\n`);
  golden(import.meta.url, ran);
});
