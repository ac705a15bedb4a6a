import { test } from "node:test";

import { golden } from "../support/golden.js";
import { Project } from "../support/project.js";
import { exits } from "../support/runner.js";

test("an image that the registry has is not built", async () => {
  const project = (await Project.make()).isThere();
  const ran = await project.run();
  exits(ran, 0);
  golden(import.meta.url, ran);
});
