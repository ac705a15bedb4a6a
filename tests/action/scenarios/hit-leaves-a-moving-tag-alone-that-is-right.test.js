import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a moving tag that is right is left alone", async () => {
  const project = (await Project.make()).isThere();
  project.registry.put("example/app:ci");
  const ran = await project.run();
  exits(ran, 0);
  assert.ok(ran.requests.every(({ method }) => method === "HEAD"));
  golden(import.meta.url, ran);
});
