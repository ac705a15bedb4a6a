import { Project, exits, golden, test } from "../support/scenario.js";

test("without the runner's files nothing is done", async () => {
  const project = await Project.make();
  const runs = [
    await project.run({}, { env: { GITHUB_ENV: "" } }),
    await project.run({}, { env: { GITHUB_ENV: "/nowhere/env" } }),
    await project.run({}, { env: { RUNNER_TEMP: "/nowhere" } }),
  ];
  for (const ran of runs) exits(ran, ran === runs[1] ? 1 : 2);
  golden(import.meta.url, ...runs);
});
