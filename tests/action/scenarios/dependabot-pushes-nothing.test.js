import { basic } from "../support/registry.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("a pull request of Dependabot, which has no secrets, is built here and pushed nowhere", async () => {
  const project = await Project.make({ behaviour: basic("ci", "nobody knows") });
  const repository = { repo: { full_name: "acme/app" } };
  const event = project.event({ pull_request: { head: repository, base: repository } });
  const env = { GITHUB_EVENT_NAME: "pull_request", GITHUB_EVENT_PATH: event, GITHUB_REPOSITORY: "acme/app", GITHUB_ACTOR: "dependabot[bot]" };
  const ran = await project.run({ username: "ci", password: "" }, { env });
  exits(ran, 0);
  golden(import.meta.url, ran);
});
