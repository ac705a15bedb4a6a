import { page } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("trouble that passes is no trouble", async () => {
  const project = (await Project.make({ behaviour: (_, before) => (before === 0 ? page(502) : undefined) })).isThere();
  project.registry.put("example/app:ci");
  const ran = await project.run({}, { fast: true });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
