// Programs as child processes, in an environment that holds only what a test puts there.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A folder that goes when the tests of the file have run. */
export function temporary() {
  const folder = mkdtempSync(join(tmpdir(), "docktag-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Runs a program to its end.
 *
 * @param {string} cwd
 * @param {string} program
 * @param {string[]} argv
 * @param {Record<string, string>} [env] besides PATH and a HOME
 */
export function run(cwd, program, argv, env = {}) {
  const { PATH = "" } = process.env;
  const ended = spawnSync(program, argv, { cwd, encoding: "utf8", env: { PATH, HOME: cwd, ...env }, maxBuffer: 1 << 28 });
  if (ended.error) throw ended.error;
  return { code: ended.status, stdout: ended.stdout, stderr: ended.stderr };
}

/**
 * The same for a program that must end well; gives back what it printed.
 *
 * @param {string} cwd
 * @param {string} program
 * @param {string[]} argv
 * @param {Record<string, string>} [env]
 */
export function ok(cwd, program, argv, env) {
  const { code, stdout, stderr } = run(cwd, program, argv, env);
  if (code !== 0) throw new Error(`${[program, ...argv].join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}
