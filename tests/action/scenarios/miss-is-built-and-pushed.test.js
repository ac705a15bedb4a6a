import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("an image that the registry lacks is built and pushed, and the moving tag follows", async () => {
  const project = await Project.make();
  const ran = await project.run();
  exits(ran, 0);
  assert.equal(project.registry.get("example/app:ci"), project.registry.get(`example/app:${project.tag}`));
  golden(import.meta.url, ran);
});
