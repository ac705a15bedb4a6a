import { Project, exits, golden, onlyAsked, test } from "../support/scenario.js";

test("a registry whose name nobody knows is no miss", async () => {
  const project = await Project.make();
  const ran = await project.run({ image: "registry.invalid/example/app" }, { fast: true });
  exits(ran, 1);
  onlyAsked(ran);
  golden(import.meta.url, ran);
});
