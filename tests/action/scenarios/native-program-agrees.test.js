import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Project, assert, exits, test } from "../support/scenario.js";

const PROGRAM = fileURLToPath(new URL("../../../target/debug/docktag", import.meta.url));

test("the native program gives the same tag, manifest and variables", async () => {
  assert.ok(existsSync(PROGRAM), "target/debug/docktag is missing: run cargo build");
  const project = (await Project.make()).file("docker/a b/é\n\\", "x").file(Buffer.from([...Buffer.from("docker/"), 0xff]), "y");
  for (const algorithm of ["md5", "sha256"]) {
    const ran = await project.run({ command: "tag", algorithm });
    exits(ran, 0);
    const native = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
      execFileSync(PROGRAM, [command, "--path", "docker", "--algorithm", algorithm, ...args], { cwd: project.folder, encoding: "latin1", env: {} });
    const manifest = execFileSync("cat", [ran.outputs.manifest], { encoding: "latin1" });
    assert.equal(native("tag", "--image", project.image), `${ran.outputs.image}\n`);
    assert.equal(native("manifest"), manifest);
    assert.equal(native("env", "--image", project.image).replaceAll(/^export /gm, ""), ran.files.GITHUB_ENV);
  }
});
