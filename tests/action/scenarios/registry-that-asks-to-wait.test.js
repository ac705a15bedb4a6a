import { json } from "../support/registry.js";
import { Project, assert, exits, golden, onlyAsked, test } from "../support/scenario.js";

test("a registry that asks to wait is given the time, but not an hour", async () => {
  const errors = { errors: [{ code: "TOOMANYREQUESTS", message: "You have reached your pull rate limit." }] };
  const limited = (/** @type {string} */ seconds, times = 1) =>
    Project.make({ behaviour: ({ method }, before) => (method === "HEAD" && before < times ? json(429, errors, { "Retry-After": seconds }) : undefined) });
  const patient = (await limited("2")).isThere();
  const start = performance.now();
  const hit = await patient.run({ "moving-tag": "" });
  exits(hit, 0);
  assert.ok(performance.now() - start >= 2000);
  const busy = await (await limited("3600", 9)).run();
  exits(busy, 1);
  onlyAsked(busy);
  golden(import.meta.url, hit, busy);
});
