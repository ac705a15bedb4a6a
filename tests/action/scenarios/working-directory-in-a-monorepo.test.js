import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a project in a sub-folder has its own paths, Compose file and tag", async () => {
  const project = await Project.make({ folder: "apps/web" });
  const ran = await project.run({ "working-directory": "apps/web" });
  exits(ran, 0);
  assert.equal(ran.outputs.tag, project.tag);
  golden(import.meta.url, ran);
});
