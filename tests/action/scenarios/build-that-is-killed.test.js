import { Project, exits, golden, test } from "../support/scenario.js";

test("a build that the system killed says so", async () => {
  const project = (await Project.make()).docker([`*" build "*`, "kill -9 $$"]);
  const ran = await project.run();
  exits(ran, 1);
  golden(import.meta.url, ran);
});
