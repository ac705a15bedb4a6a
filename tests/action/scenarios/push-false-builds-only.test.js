import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("with push: false the image is built and not pushed", async () => {
  const project = await Project.make();
  const ran = await project.run({ push: "false" });
  exits(ran, 0);
  assert.equal(project.registry.get(`example/app:${project.tag}`), undefined);
  golden(import.meta.url, ran);
});
