import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a dry run says what it would do, and does nothing", async () => {
  const project = await Project.make();
  const build = await project.run({ "dry-run": "true" });
  const pull = await project.isThere().run({ command: "pull", "dry-run": "true" });
  for (const ran of [build, pull]) {
    exits(ran, 0);
    assert.equal(ran.files.GITHUB_ENV, "");
    assert.ok(ran.calls.every(({ argv }) => argv.includes("version")));
    assert.ok(ran.requests.every(({ method }) => method === "HEAD" || method === "GET"));
  }
  golden(import.meta.url, build, pull);
});
