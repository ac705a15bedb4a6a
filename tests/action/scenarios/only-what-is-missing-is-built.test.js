import { TWO_TARGETS } from "../support/programs.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("of two targets only the missing one is built, with the cache of the last build", async () => {
  const project = (await Project.make()).file("compose.yml", TWO_TARGETS).isThere();
  for (const name of ["ci", "ci-web"]) project.registry.put(`example/app:${name}`, '{"schemaVersion":2,"config":{"size":1},"layers":[]}');
  const ran = await project.run();
  exits(ran, 0);
  golden(import.meta.url, ran);
});
