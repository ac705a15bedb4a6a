import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("the command tag prints the image and keeps it for later steps", async () => {
  const project = await Project.make();
  const ran = await project.run({ command: "tag" });
  exits(ran, 0);
  assert.equal(ran.outputs.tag, project.tag);
  assert.deepEqual(ran.requests, [], "nobody is asked");
  golden(import.meta.url, ran);
});
