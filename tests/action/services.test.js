// tests/services.json: projects whose Compose files tell what counts have the same manifests and names here as everywhere.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { ok, temporary } from "./support/run.js";

const CLI = fileURLToPath(new URL("../../action/cli.js", import.meta.url));

/**
 * @typedef {{ path: string, content?: string, executable?: boolean, link?: string }} Entry
 * @typedef {{ name: string, tree: Entry[], options: string[], algorithm?: string, service: string, lines: string[], values?: Record<string, string | string[]>, image: string }} Case
 */

/** @type {Case[]} */
const cases = JSON.parse(readFileSync(new URL("../services.json", import.meta.url), "utf8"));

/**
 * The text that the lines stand for, with digests of Node's own.
 *
 * @param {Case} it
 * @param {string[]} lines
 * @returns {string}
 */
function manifest(it, lines) {
  const digest = (/** @type {string} */ text) => createHash(it.algorithm ?? "md5").update(text).digest("hex");
  return lines
    .map((line) => {
      const path = /^\{(.*)\}$/s.exec(line)?.[1];
      if (path !== undefined) {
        const escaped = path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
        return `${escaped === path ? "" : "\\"}${digest(it.tree.find((entry) => entry.path === path)?.content ?? "")}  ${escaped}\n`;
      }
      const value = it.values?.[line];
      if (value === undefined) return `${line}\n`;
      return `${line.slice(0, line.lastIndexOf(" "))} ${digest(typeof value === "string" ? value : manifest(it, value))}\n`;
    })
    .join("");
}

for (const it of cases) {
  test(`services: ${it.name}`, () => {
    const folder = temporary();
    for (const { path, content, executable, link } of it.tree) {
      const file = join(folder, path);
      mkdirSync(content === undefined && link === undefined ? file : dirname(file), { recursive: true });
      if (content !== undefined) {
        writeFileSync(file, content);
        chmodSync(file, executable ? 0o755 : 0o644);
      } else if (link !== undefined) symlinkSync(link, file);
    }
    const run = (/** @type {string} */ job) => {
      // `manifest` has no use for names.
      const options = it.options.filter((option) => job === "tag" || !(option.includes("prefix") || option.startsWith("ghcr.io")));
      return ok(folder, process.execPath, [CLI, job, it.service, ...options], {});
    };
    const expected = manifest(it, it.lines);
    assert.equal(run("manifest"), expected);
    const hash = createHash(it.algorithm ?? "md5").update(expected).digest("hex");
    assert.equal(run("tag"), `${it.service}\t${it.image.replace("TAG", hash)}\n`);
  });
}
