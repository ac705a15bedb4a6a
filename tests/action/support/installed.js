// The npm package as its users have it: packed, and installed in an empty project.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { ok, temporary } from "./run.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * @typedef {object} Installed
 * @property {string} project the project's folder
 * @property {string} entry what a browser loads for `docktag`, relative to the project
 * @property {{ files: { path: string }[], size: number, unpackedSize: number }} packed what `npm pack` says
 */

/**
 * Neither step needs a network: the package has no dependencies.
 *
 * @returns {Installed}
 */
export function install() {
  const folder = temporary();
  const project = join(folder, "project");
  mkdirSync(project);
  // Packing puts files into the package for a moment: in a copy, since test files run at the same time.
  for (const name of ["pkg", "action", "LICENSE-APACHE", "LICENSE-MIT"]) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "private": true }\n');
  const env = { npm_config_cache: join(folder, "npm"), npm_config_offline: "true", npm_config_update_notifier: "false" };
  const [packed] = JSON.parse(ok(join(folder, "pkg"), "npm", ["pack", "--json", "--pack-destination", folder], env));
  ok(project, "npm", ["install", "--no-audit", "--no-fund", join(folder, packed.filename)], env);
  const { exports } = JSON.parse(readFileSync(join(project, "node_modules/docktag/package.json"), "utf8"));
  return { project, entry: join("node_modules/docktag", forBrowsers(exports["."])), packed };
}

/**
 * The first condition that a browser fulfils decides, at every depth (Node docs, "Conditional exports").
 *
 * @typedef {string | { [condition: string]: Target }} Target
 * @param {Target} target
 * @returns {string}
 */
function forBrowsers(target) {
  if (typeof target === "string") return target;
  const condition = Object.keys(target).find((name) => ["browser", "import", "default"].includes(name));
  if (condition === undefined) throw new Error("package.json: `exports` has nothing for browsers");
  return forBrowsers(target[condition]);
}
