// The Node versions that docktag runs in.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const installed = ["node22", "node24"].map((name) => fileURLToPath(new URL(`../node_modules/${name}/bin/node`, import.meta.url)));
for (const program of installed) {
  if (!existsSync(program)) throw new Error(`${program} is missing: run tests/tools.sh modules`);
}

/** The one that runs the tests, and the newer ones, by version. */
export const nodes = [process.execPath, ...installed].map((program) => {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return { program, version: stdout.trim() };
});

/** Runs what is for GitHub's `node24`. */
export const node24 = /** @type {string} */ (installed[1]);
