import { TWO_TARGETS } from "../support/programs.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("with or-build what is there is pulled, and what is missing is built", async () => {
  const project = (await Project.make()).file("compose.yml", TWO_TARGETS).isThere();
  const ran = await project.run({ command: "pull", "or-build": "true" });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
