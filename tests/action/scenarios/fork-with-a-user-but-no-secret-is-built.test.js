import { basic } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("a user that is written in the workflow, and a secret that is not there, do no harm on a fork", async () => {
  const project = await Project.make({ behaviour: basic("ci", "nobody knows") });
  const ran = await project.run({ username: "ci", password: "" }, { env: project.fork() });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
