// What a scenario is made of.
import assert from "node:assert/strict";

export { default as assert } from "node:assert/strict";
export { test } from "node:test";
export { golden } from "./golden.js";
export { Project, REPOSITORY } from "./project.js";

/**
 * It ended so.
 *
 * @param {import("./runner.js").Ran} ran
 * @param {number} code
 */
export function exits(ran, code) {
  assert.equal(ran.code, code, ran.stdout);
}

/**
 * Nothing was built, pushed, pulled or removed: what was run only asked.
 *
 * @param {import("./runner.js").Ran} ran
 */
export function onlyAsked({ calls }) {
  const lines = calls.map(({ argv }) => argv.join(" "));
  assert.deepEqual(lines.filter((line) => !/ config| version/.test(line)), []);
}
