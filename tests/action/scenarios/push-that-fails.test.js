import { Project, exits, golden, test } from "../support/scenario.js";

test("a push that fails, and one that only says that it worked, are failures", async () => {
  const project = (await Project.make()).docker(['"push "*', "echo 'denied: requested access to the resource is denied' >&2; exit 18"]);
  const refused = await project.run();
  project.docker(['"push "*', "echo 'Pushing is skipped'"]);
  const lost = await project.run();
  for (const ran of [refused, lost]) exits(ran, 1);
  golden(import.meta.url, refused, lost);
});
