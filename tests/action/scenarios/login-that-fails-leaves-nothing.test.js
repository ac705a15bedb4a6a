import { basic } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("the login is gone after a failed build too", async () => {
  const project = (await Project.make({ behaviour: basic("ci", "hunter2") })).docker([`*" build "*`, "echo 'no space left' >&2; exit 17"]);
  const ran = await project.run({ username: "ci", password: "hunter2" });
  exits(ran, 1);
  golden(import.meta.url, ran);
});
