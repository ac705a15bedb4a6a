import { basic, bearer } from "../support/registry.js";
import { Project, exits, golden, onlyAsked, test } from "../support/scenario.js";

test("a wrong password is no miss", async () => {
  const runs = [];
  for (const behaviour of [basic, bearer]) {
    const project = await Project.make({ behaviour: behaviour("ci", "hunter2") });
    const ran = await project.run({ username: "ci", password: "hunter1" });
    exits(ran, 1);
    onlyAsked(ran);
    runs.push(ran);
  }
  golden(import.meta.url, ...runs);
});
