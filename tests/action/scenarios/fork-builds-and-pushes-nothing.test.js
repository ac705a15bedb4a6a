import { basic } from "../support/registry.js";
import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a pull request from a fork, which has no secrets, is built here and pushed nowhere", async () => {
  const project = await Project.make({ behaviour: basic("ci", "nobody knows") });
  // What the secrets give there.
  const ran = await project.run({ username: "", password: "" }, { env: project.fork() });
  exits(ran, 0);
  assert.ok(ran.calls.every(({ argv }) => !argv.includes("push")));
  golden(import.meta.url, ran);
});
