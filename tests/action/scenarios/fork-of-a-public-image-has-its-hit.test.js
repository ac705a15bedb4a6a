import { Project, exits, golden, test } from "../support/scenario.js";

test("on a fork a public image that is there is a hit, and its moving tag stays", async () => {
  const project = (await Project.make()).isThere();
  const ran = await project.run({}, { env: project.fork() });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
