import { Project, exits, golden, test } from "../support/scenario.js";

test("an input that the command does not have is an error", async () => {
  const project = await Project.make();
  const runs = [
    await project.run({ command: "pull", push: "true" }),
    await project.run({ command: "build", "or-build": "true" }),
    await project.run({ command: "tag", username: "ci", password: "hunter2" }),
    await project.run({ command: "pull", force: "true" }),
  ];
  for (const ran of runs) exits(ran, 2);
  golden(import.meta.url, ...runs);
});
