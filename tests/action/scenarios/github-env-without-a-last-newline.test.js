import { Project, assert, exits, test } from "../support/scenario.js";

test("what earlier steps wrote stays whole, whether or not its last line ended", async () => {
  const project = await Project.make();
  for (const end of ["", "\n"]) {
    const ran = await project.run({ command: "tag" }, { before: { GITHUB_ENV: `OWN=1${end}`, GITHUB_STEP_SUMMARY: `# own${end}` } });
    exits(ran, 0);
    assert.match(ran.files.GITHUB_ENV, /^OWN=1\nDOCKER_IMAGE=127.*\nDOCKER_IMAGE_MD5=[0-9a-f]{32}\nDOCKER_IMAGE_CI=.*:ci\n$/);
    assert.match(ran.files.GITHUB_STEP_SUMMARY, /^# own\n### docktag tag/);
  }
});
