import { Project, exits, golden, test } from "../support/scenario.js";

test("pull brings every image of the project, and proves that the hashed one came", async () => {
  const project = (await Project.make()).isThere();
  const ran = await project.run({ command: "pull" });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
