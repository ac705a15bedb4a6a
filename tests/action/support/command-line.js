// The command line of the npm package, in a clean environment.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { calls } from "./programs.js";

export const CLI = fileURLToPath(new URL("../../../action/cli.js", import.meta.url));

/**
 * @typedef {object} Done
 * @property {number | null} code
 * @property {string} stdout
 * @property {string} stderr
 * @property {import("./programs.js").Call[]} calls
 * @property {import("./registry.js").Seen[]} requests
 */

/**
 * Starts `docktag ARGS` in the project folder.
 *
 * @param {import("./project.js").Project} project
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, stdin?: string }} [surroundings]
 */
export function start(project, args, { env = {}, stdin } = {}) {
  const temporary = join(project.root, "tmp");
  rmSync(join(project.root, "calls"), { recursive: true });
  for (const folder of [temporary, join(project.root, "calls")]) mkdirSync(folder, { recursive: true });
  const all = { PATH: join(project.root, "bin"), HOME: join(project.root, "home"), TMPDIR: temporary, ...env };
  const child = spawn(process.execPath, [CLI, ...args], { cwd: project.folder, env: all });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
    child.emit("said", stderr);
  });
  // It may end before it reads.
  child.stdin.on("error", () => {}).end(stdin);
  /** @type {Promise<Done>} */
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      if (existsSync(temporary) && readdirSync(temporary).length > 0) return reject(new Error(`left behind: ${readdirSync(temporary)}\n${stderr}`));
      resolve({ code, stdout, stderr, calls: calls(project.root), requests: project.registry.seen.splice(0) });
    });
  });
  return { child, ended };
}

/**
 * Runs it to its end.
 *
 * @param {import("./project.js").Project} project
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, stdin?: string }} [surroundings]
 */
export function docktag(project, args, surroundings) {
  return start(project, args, surroundings).ended;
}

/**
 * It ended well and printed this.
 *
 * @param {Done} done
 * @param {string} stdout
 */
export function prints(done, stdout) {
  assert.deepEqual([done.code, done.stdout], [0, stdout], done.stderr);
}

/**
 * It failed so, said that, and printed nothing.
 *
 * @param {Done} done
 * @param {number} code
 * @param {...RegExp} texts
 */
export function fails(done, code, ...texts) {
  assert.deepEqual([done.code, done.stdout], [code, ""], done.stderr);
  for (const text of texts) assert.match(done.stderr, text);
}
