import { Project, exits, golden, test } from "../support/scenario.js";

test("what needs an image or a path says so", async () => {
  const project = (await Project.make()).file("compose.yml", "services: {}\n");
  const runs = [
    await project.run({ image: "" }),
    await project.run({ command: "pull", image: "" }),
    await project.run({ path: "" }),
  ];
  for (const ran of runs) exits(ran, 2);
  golden(import.meta.url, ...runs);
});
