import { basic } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("the password can come in DOCKER_PASSWORD, which no program gets", async () => {
  const project = await Project.make({ behaviour: basic("ci", "hunter2") });
  const ran = await project.run({ username: "ci" }, { env: { DOCKER_PASSWORD: "hunter2" } });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
