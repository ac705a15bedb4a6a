// A project with everything that makes a difference, and the tag that the native program finds.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { ok } from "../../action/support/run.js";

const CLI = fileURLToPath(new URL("../../../action/cli.js", import.meta.url));

/** @type {Record<string, string>} */
const FILES = {
  "compose.yaml": "services:\n  app:\n    image: example/app\n    build: .\n  job:\n    image: example/job\n    build: { context: ., target: job, args: { A: '${A:-1}' } }\n",
  Dockerfile: "FROM busybox:1.36 AS base\nCOPY src /src\n\nFROM base AS job\nARG A\nCOPY job /job\n\nFROM base\nCOPY run.sh /\n",
  ".dockerignore": "# notes\n*.md\nsrc/**/*.log\n",
  "README.md": "# Example\n",
  "run.sh": "#!/bin/sh\n",
  "src/a.txt": "a\n",
  "src/deep/b.txt": "b\n",
  "src/deep/c.log": "c\n",
  "job/run": "#!/bin/sh\n",
  "other/unread": "nobody reads this\n",
  "docker/Dockerfile": "FROM scratch\n",
  "docker/x": "x\n",
};

/**
 * Lays the project out.
 *
 * @param {string} folder
 * @param {{ link?: boolean }} [with_]
 */
export function project(folder, { link = false } = {}) {
  for (const [path, text] of Object.entries(FILES)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  for (const path of ["run.sh", "job/run"]) chmodSync(join(folder, path), 0o755);
  if (link) symlinkSync("a.txt", join(folder, "src/link"));
  return folder;
}

/**
 * Makes it a git repository with everything in its index.
 *
 * @param {string} folder
 */
export function commit(folder) {
  for (const args of [["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.test", "commit", "-qm", "all"]]) ok(folder, "git", args);
}

/**
 * What the command line prints of the same folder, by itself and with nothing of this machine's environment.
 *
 * @param {string} folder
 * @param {string[]} args
 */
export function native(folder, args) {
  return ok(folder, process.execPath, [CLI, ...args, "--directory", folder]);
}

/**
 * The tag of one service.
 *
 * @param {string} folder
 * @param {string} service
 * @param {string[]} [args]
 */
export function tagOfService(folder, service, args = []) {
  return JSON.parse(native(folder, ["inputs", service, "--json", ...args])).tag;
}
