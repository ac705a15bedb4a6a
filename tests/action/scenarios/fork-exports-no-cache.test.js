import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("where nothing is pushed, no cache is pushed either", async () => {
  const project = await Project.make();
  const ran = await project.run({ cache: "registry" }, { env: project.fork() });
  exits(ran, 0);
  golden(import.meta.url, ran);
  for (const { added = "" } of ran.calls) assert.doesNotMatch(added, /cache_to":\["type=registry/);
});
