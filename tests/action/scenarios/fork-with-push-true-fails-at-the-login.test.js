import { basic } from "../support/registry.js";
import { Project, exits, golden, onlyAsked, test } from "../support/scenario.js";

test("who demands a push on a fork hears that the registry wants a login", async () => {
  const project = await Project.make({ behaviour: basic("ci", "nobody knows") });
  const ran = await project.run({ push: "true" }, { env: project.fork() });
  exits(ran, 1);
  onlyAsked(ran);
  golden(import.meta.url, ran);
});
