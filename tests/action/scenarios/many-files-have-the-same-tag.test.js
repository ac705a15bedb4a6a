import { Project, assert, exits, test } from "../support/scenario.js";

test("six hundred files, hashed in several threads, have the tag that md5sum gives", async () => {
  const project = await Project.make();
  for (let index = 0; index < 600; index++) project.file(`docker/${index % 7}/${index}`, `${index}`.repeat(index * 7));
  const ran = await project.run({ command: "tag" });
  exits(ran, 0);
  assert.equal(ran.outputs.tag, project.tag);
  assert.match(ran.files.GITHUB_STEP_SUMMARY, /601 files count.*\n(.*\n){204}.*The first 200 of 601; all are in the file/);
});
