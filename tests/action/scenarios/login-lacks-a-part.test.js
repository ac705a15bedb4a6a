import { Project, exits, golden, test } from "../support/scenario.js";

test("half a login is an error that says which half is missing", async () => {
  const project = await Project.make();
  const runs = [
    await project.run({ username: "ci", password: "" }),
    await project.run({ password: "hunter2" }),
    await project.run({ registry: "not a registry", username: "ci", password: "hunter2" }),
  ];
  for (const ran of runs) exits(ran, 2);
  golden(import.meta.url, ...runs);
  // A registry alone says where a login would go.
  exits(await project.isThere().run({ registry: "ghcr.io" }), 0);
});
