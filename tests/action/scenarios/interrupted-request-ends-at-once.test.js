import { silence } from "../support/registry.js";
import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("a job that is cancelled while a registry is silent ends at once", async () => {
  /** @type {() => void} */
  let asked = () => {};
  const question = new Promise((resolve) => (asked = () => resolve(undefined)));
  const project = await Project.make({
    behaviour: () => {
      asked();
      return silence;
    },
  });
  const run = project.start();
  await question;
  const start = performance.now();
  run.child.kill("SIGTERM");
  const ran = await run.ended;
  exits(ran, 130);
  assert.ok(performance.now() - start < 5000);
  golden(import.meta.url, ran);
});
