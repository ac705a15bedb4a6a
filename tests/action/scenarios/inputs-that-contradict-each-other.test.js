import { Project, exits, golden, test } from "../support/scenario.js";

test("inputs that contradict each other are an error", async () => {
  const project = await Project.make();
  const ran = await project.run({ cache: "none", "cache-from": `${project.image}:old` });
  golden(import.meta.url, ran);
  exits(ran, 2);
});
