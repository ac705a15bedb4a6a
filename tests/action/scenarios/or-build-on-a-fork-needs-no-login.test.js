import { basic } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("with or-build a fork's tests run though its registry wants a login", async () => {
  const project = await Project.make({ behaviour: basic("ci", "nobody knows") });
  const ran = await project.run({ command: "pull", "or-build": "true", username: "ci" }, { env: project.fork() });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
