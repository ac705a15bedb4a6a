import { Project, assert, exits, test } from "../support/scenario.js";

test("blanks around a value, as YAML blocks have them, mean nothing", async () => {
  const project = (await Project.make()).file("other/file", "");
  const ran = await project.run({ command: " tag\n", path: "\n  docker\n\n  other\n", image: " example/app " });
  exits(ran, 0);
  assert.equal(ran.outputs.image, `example/app:${ran.outputs.tag}`);
  assert.match(ran.files.GITHUB_STEP_SUMMARY, /  docker\/Dockerfile\n.*  other\/file\n/);
});
