import { json } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("a moving tag that may not move is a warning", async () => {
  const denied = json(403, { errors: [{ code: "DENIED", message: "tag ci is\n::error::immutable" }] });
  const project = (await Project.make({ behaviour: ({ method }) => (method === "PUT" ? denied : undefined) })).isThere();
  const ran = await project.run();
  exits(ran, 0);
  golden(import.meta.url, ran);
});
