// The action as the runner starts it, without a runner.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { run } from "./run.js";

const MAIN = fileURLToPath(new URL("../../../action/main.js", import.meta.url));

/**
 * @param {string} program the Node to run it in
 * @param {string} workspace
 * @param {string} beside an empty folder for what the runner keeps outside the workspace
 * @param {Record<string, string>} inputs by their names in action.yml
 */
export function action(program, workspace, beside, inputs) {
  /** @type {Record<string, string>} */
  const env = { GITHUB_ACTIONS: "true", CI: "true", GITHUB_WORKSPACE: workspace, RUNNER_TEMP: join(beside, "temp") };
  mkdirSync(join(beside, "temp"), { recursive: true });
  for (const name of ["OUTPUT", "ENV", "STEP_SUMMARY", "STATE", "PATH"]) {
    env[`GITHUB_${name}`] = join(beside, name);
    writeFileSync(join(beside, name), "");
  }
  for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.toUpperCase()}`] = value;
  return { ...run(workspace, program, [MAIN], env), outputs: commands(readFileSync(join(beside, "OUTPUT"), "utf8")) };
}

/**
 * What a file of the runner says: `NAME=VALUE`, or `NAME<<MARK`, lines, and the mark.
 *
 * @param {string} text
 */
export function commands(text) {
  /** @type {Record<string, string>} */
  const values = {};
  const lines = text.split("\n");
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const [, name = "", operator, rest = ""] = /^([^=<]+)(=|<<)(.*)$/.exec(line) ?? [];
    if (operator === "=") values[name] = rest;
    if (operator === "<<") values[name] = lines.splice(0, lines.indexOf(rest) + 1).slice(0, -1).join("\n");
  }
  return values;
}
