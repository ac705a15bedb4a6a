import { execFileSync } from "node:child_process";

import { Project, assert, exits, test } from "../support/scenario.js";

test("the digest of the manifest that is put out is the tag, and coreutils check the files with it", async () => {
  const project = (await Project.make()).file("docker/a b\nc\\d", "x").file("docker/é", "y");
  for (const [algorithm, program] of [["md5", "md5sum"], ["sha256", "sha256sum"]]) {
    const ran = await project.run({ command: "tag", algorithm });
    exits(ran, 0);
    const run = (/** @type {string[]} */ ...args) => execFileSync(program, args, { cwd: project.folder, encoding: "utf8" });
    assert.equal(run(ran.outputs.manifest).split(" ")[0], ran.outputs.tag);
    assert.equal(run("-c", ran.outputs.manifest).match(/: OK$/gm)?.length, 3);
  }
});
