import assert from "node:assert/strict";
import { test } from "node:test";

import { golden } from "../support/golden.js";
import { Project } from "../support/project.js";
import { exits } from "../support/runner.js";

test("an image that the registry lacks is built and pushed, and the moving tag follows", async () => {
  const project = await Project.make();
  const ran = await project.run();
  exits(ran, 0);
  assert.equal(project.registry.get(`example/app:ci`), project.registry.get(`example/app:${project.tag}`));
  golden(import.meta.url, ran);
});
