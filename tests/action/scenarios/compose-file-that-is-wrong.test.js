import { Project, exits, golden, test } from "../support/scenario.js";

test("a Compose file that is missing or refused is said with its name", async () => {
  const project = await Project.make();
  const runs = [await project.run({ "compose-file": "ci/compose.yml" })];
  project.file("compose.yml", "services: {app: {biuld: .}}\n");
  project.docker([`"compose "*config*`, "echo 'validating compose.yml: services.app additional properties \"biuld\" not allowed' >&2; exit 15"]);
  runs.push(await project.run(), await project.run({ "compose-file": "compose.yml" }));
  for (const ran of runs) exits(ran, 2);
  golden(import.meta.url, ...runs);
});
