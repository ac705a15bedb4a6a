import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a failed build is an annotation after its group, and nothing is pushed", async () => {
  const project = (await Project.make()).docker([`*" build "*`, "echo '#7 ERROR: process \"/bin/sh -c make\" did not complete successfully' >&2; exit 17"]);
  const ran = await project.run();
  exits(ran, 1);
  assert.ok(ran.calls.every(({ argv }) => !argv.includes("push")));
  golden(import.meta.url, ran);
});
