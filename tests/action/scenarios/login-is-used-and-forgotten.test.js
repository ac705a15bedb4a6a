import { basic } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("a login is masked first, given to docker in a folder of the run, and gone afterwards", async () => {
  const password = "pa$$ w%41'ord\"é";
  const project = await Project.make({ behaviour: basic("ci", password) });
  const ran = await project.run({ username: "ci", password });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
