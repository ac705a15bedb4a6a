import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a tag can be a sha256", async () => {
  const project = await Project.make();
  const ran = await project.run({ command: "tag", algorithm: "sha256" });
  exits(ran, 0);
  assert.match(ran.outputs.tag, /^[0-9a-f]{64}$/);
  golden(import.meta.url, ran);
});
