// The action as the runner starts it: a child process whose environment holds only what a runner puts there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { commands } from "./action.js";
import { outputs, variables } from "./inputs.js";
import { node24 } from "./nodes.js";
import { calls } from "./programs.js";

const MAIN = fileURLToPath(new URL("../../../action/main.js", import.meta.url));
const CLOCK = new URL("fast-clock.js", import.meta.url).href;
/** What the runner reads when a step has ended. @type {Record<Name, string>} */
const FILES = { GITHUB_OUTPUT: "set_output_1", GITHUB_ENV: "set_env_1", GITHUB_STEP_SUMMARY: "step_summary_1" };
const NAMES = /** @type {Name[]} */ (Object.keys(FILES));

/**
 * @typedef {"GITHUB_OUTPUT" | "GITHUB_ENV" | "GITHUB_STEP_SUMMARY"} Name
 *
 * @typedef {object} Surroundings
 * @property {Record<string, string>} [env] variables besides the runner's; empty ones too
 * @property {string} [node] the Node to run it in
 * @property {boolean} [fast] whether time passes faster: for what takes long
 * @property {Partial<Record<Name, string>>} [before] what is in the runner's files already
 *
 * @typedef {object} Ran
 * @property {import("./project.js").Project} project
 * @property {number | null} code
 * @property {string} stdout the log
 * @property {string} stderr
 * @property {Record<Name, string>} files
 * @property {Record<string, string>} outputs
 * @property {import("./programs.js").Call[]} calls
 * @property {import("./registry.js").Seen[]} requests
 */

/**
 * @param {import("./project.js").Project} project
 * @param {Record<string, string>} inputs
 * @param {Surroundings} surroundings
 */
export function start(project, inputs, { env = {}, node = node24, fast = false, before = {} }) {
  const temp = join(project.root, "temp");
  const path = (/** @type {Name} */ name) => join(temp, "_runner_file_commands", FILES[name]);
  for (const name of NAMES) writeFileSync(path(name), before[name] ?? "");
  rmSync(join(project.root, "calls"), { recursive: true });
  mkdirSync(join(project.root, "calls"));
  const files = Object.fromEntries(NAMES.map((name) => [name, path(name)]));
  const given = variables(inputs);
  const runner = { PATH: join(project.root, "bin"), HOME: join(project.root, "home"), CI: "true", GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "push" };
  const all = { ...runner, GITHUB_WORKSPACE: project.checkout, RUNNER_TEMP: temp, ...files, ...given, ...env };
  const child = spawn(node, [...(fast ? ["--import", CLOCK] : []), MAIN], { cwd: project.checkout, env: all, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of /** @type {const} */ (["stdout", "stderr"])) {
    child[name].setEncoding("utf8").on("data", (text) => {
      said[name] += text;
      child.emit("said");
    });
  }
  // No run takes as long; one that does is ended, so that the test fails instead of hanging.
  const watchdog = setTimeout(() => child.kill("SIGKILL"), 60_000);
  /** @type {Promise<Ran>} */
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(watchdog);
      const read = (/** @type {Name} */ name) => readFileSync(path(name), "utf8");
      const written = { GITHUB_OUTPUT: read("GITHUB_OUTPUT"), GITHUB_ENV: read("GITHUB_ENV"), GITHUB_STEP_SUMMARY: read("GITHUB_STEP_SUMMARY") };
      const ran = { project, code, ...said, files: written, outputs: commands(written.GITHUB_OUTPUT), calls: calls(project.root), requests: project.registry.seen.splice(0) };
      try {
        check(ran, [given.INPUT_PASSWORD, env.DOCKER_PASSWORD ?? ""]);
        resolve(ran);
      } catch (error) {
        reject(error);
      }
    });
  });
  /**
   * Waits for a text in the log.
   *
   * @param {RegExp} text
   * @returns {Promise<RegExpExecArray>}
   */
  const says = (text) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = text.exec(said.stdout);
        if (found) resolve(found);
      };
      child.on("said", look).on("close", () => reject(new Error(`it ended without saying ${text}:\n${said.stdout}${said.stderr}`)));
      look();
    });
  return { child, ended, says, temp };
}

/**
 * What holds for every run, whatever it is about.
 *
 * @param {Ran} ran
 * @param {string[]} passwords
 */
function check(ran, passwords) {
  const { project, stdout, stderr, files } = ran;
  assert.equal(stderr, "", "the log is on standard output");
  assert.doesNotMatch(stdout, /panicked|unreachable executed|at .*\.js:\d+/, "no defect shows");
  const left = readdirSync(join(project.root, "temp")).filter((name) => !name.startsWith("_"));
  assert.deepEqual(left.filter((name) => !/^docktag-[0-9a-f]+\.(md5sum|sha256sum|compose\.yml)$/.test(name)), [], "only manifests and Compose files for later steps are left behind");
  if (files.GITHUB_OUTPUT) assert.deepEqual(Object.keys(ran.outputs), outputs, "all outputs are there");

  const isMask = (/** @type {string} */ line) => line.startsWith("::add-mask::");
  const lines = stdout.split("\n");
  const end = lines.findIndex((line) => !isMask(line));
  const masked = lines.slice(0, end).map((line) => line.slice("::add-mask::".length));
  assert.deepEqual(lines.slice(end).filter(isMask), [], "nothing is masked too late");
  const secrets = passwords.flatMap((text) => [text.trim(), ...text.trim().split(/\r?\n/)]).filter((text) => text !== "");
  const seen = ran.calls.map(({ argv, env }) => ["programs", JSON.stringify([argv, Object.values(env)])]);
  const shown = [["log", lines.slice(end).join("\n")], ...Object.entries(files), ...seen, ...left.map((name) => ["temporary file", readFileSync(join(project.root, "temp", name), "latin1")])];
  for (const secret of secrets) {
    assert.ok(masked.includes(secret.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")), "every secret is masked at once");
    const encoded = Buffer.from(secret).toString("base64");
    for (const [place, text] of shown) assert.ok(!text.includes(secret) && !text.includes(encoded), `the password is in the ${place}:\n${text}`);
  }
  for (const { env } of ran.calls) assert.equal(env.INPUT_PASSWORD, undefined, "no program is given the password");
  assert.ok(!existsSync(join(project.root, "home/.docker/config.json")) || !secrets.some((secret) => readFileSync(join(project.root, "home/.docker/config.json"), "latin1").includes(secret)));
}
