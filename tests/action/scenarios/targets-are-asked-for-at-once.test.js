import { TWO_TARGETS } from "../support/programs.js";
import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("targets are asked for at once", async () => {
  /** @type {Array<() => void>} */
  const waiting = [];
  /** Answers nobody before three have asked. @type {import("../support/registry.js").Reply} */
  const together = (request, response) => {
    waiting.push(() => project.registry.honest(request, response));
    if (waiting.length === 3) for (const answer of waiting) answer();
  };
  // The first request finds out how to speak to the registry; the other three need not wait for each other.
  const project = await Project.make({ behaviour: ({ method }) => (method === "HEAD" && project.registry.seen.length > 1 ? together : undefined) });
  project.file("compose.yml", TWO_TARGETS);
  for (const name of [project.tag, `${project.tag}-web`, "ci", "ci-web"]) project.registry.put(`example/app:${name}`);
  const ran = await project.run();
  exits(ran, 0);
  assert.equal(waiting.length, 3);
  golden(import.meta.url, ran);
});
