import { Project, exits, golden, onlyAsked, test } from "../support/scenario.js";

test("pull of an image that nobody built is a failure of its own", async () => {
  const project = await Project.make();
  const ran = await project.run({ command: "pull" });
  exits(ran, 3);
  onlyAsked(ran);
  golden(import.meta.url, ran);
});
