import { bearer } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("a registry with a token server gets the login there only", async () => {
  const project = (await Project.make({ behaviour: bearer("ci", "hunter2") })).isThere();
  const ran = await project.run({ username: "ci", password: "hunter2" });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
