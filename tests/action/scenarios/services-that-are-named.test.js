import { TWO_TARGETS } from "../support/programs.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("only the services that are named are built; one that does not exist is said", async () => {
  const project = (await Project.make()).file("compose.yml", TWO_TARGETS);
  const built = await project.run({ services: "web\ndb" });
  exits(built, 0);
  const wrong = await project.run({ services: "web\nwrok" });
  exits(wrong, 2);
  golden(import.meta.url, built, wrong);
});
