import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("verbose: true and a rerun with debug logging say more", async () => {
  const project = await Project.make();
  const verbose = await project.run({ verbose: "true", "moving-tag": "", push: "false" });
  exits(verbose, 0);
  golden(import.meta.url, verbose);
  const debug = await project.run({ "moving-tag": "", push: "false" }, { env: { RUNNER_DEBUG: "1" } });
  const lines = (/** @type {string} */ text) => text.split("\n").length;
  assert.equal(lines(debug.stdout), lines(verbose.stdout));
});
