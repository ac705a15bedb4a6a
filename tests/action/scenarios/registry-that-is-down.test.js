import { Project, exits, golden, onlyAsked, test } from "../support/scenario.js";

test("a registry that is down is asked again, and is no miss", async () => {
  const project = await Project.make();
  await project.registry.stop();
  const ran = await project.run({}, { fast: true });
  exits(ran, 1);
  onlyAsked(ran);
  golden(import.meta.url, ran);
});
