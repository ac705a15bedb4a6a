import { Project, exits, golden, test } from "../support/scenario.js";

test("a project folder that is not there, or is a file, is said", async () => {
  const project = await Project.make();
  const runs = [await project.run({ "working-directory": "apps/wbe" }), await project.run({ "working-directory": "compose.yml" })];
  for (const ran of runs) exits(ran, 2);
  golden(import.meta.url, ...runs);
});
