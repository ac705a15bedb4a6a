import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a tag needs no image", async () => {
  const project = await Project.make();
  const ran = await project.run({ command: "tag", image: "" });
  exits(ran, 0);
  assert.equal(ran.outputs.tag, project.tag);
  assert.equal(ran.files.GITHUB_ENV, `DOCKER_IMAGE_MD5=${project.tag}\n`, "what there is to keep without an image");
  golden(import.meta.url, ran);
});
