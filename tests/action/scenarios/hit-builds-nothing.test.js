import { Project, exits, golden, onlyAsked, test } from "../support/scenario.js";

test("an image that the registry has is not built", async () => {
  const project = (await Project.make()).isThere();
  const ran = await project.run();
  exits(ran, 0);
  onlyAsked(ran);
  golden(import.meta.url, ran);
});
