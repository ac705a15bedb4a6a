import { Project, exits, golden, test } from "../support/scenario.js";

test("an input that does not exist is an error with those that do", async () => {
  const project = await Project.make();
  const runs = [await project.run({ paht: "docker" }), await project.run({ json: "true" }), await project.run({ "no-push": "true" })];
  for (const ran of runs) exits(ran, 2);
  golden(import.meta.url, ...runs);
});
