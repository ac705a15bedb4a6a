// One truth: every host has the manifests and tags of tests/vectors.json, which GNU tools made (tests/cli/vectors.rs).
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { action } from "./support/action.js";
import { inBrowser } from "./support/browser.js";
import { layOut } from "./support/disk.js";
import { install } from "./support/installed.js";
import { node24, nodes } from "./support/nodes.js";
import { ok, temporary } from "./support/run.js";
import { bytesOf } from "./support/vectors.js";

const FILE = fileURLToPath(new URL("../vectors.json", import.meta.url));
/** @type {import("./support/vectors.js").Vector[]} */
const vectors = JSON.parse(readFileSync(FILE, "utf8"));

const installed = install();
copyFileSync(FILE, join(installed.project, "vectors.json"));
copyFileSync(fileURLToPath(new URL("support/vectors.js", import.meta.url)), join(installed.project, "vectors.mjs"));

/** @param {import("./support/vectors.js").Result[]} results */
function check(results) {
  assert.equal(results.length, vectors.length);
  for (const [index, { name, manifest, tag, options }] of vectors.entries()) {
    const result = results[index];
    assert.equal(result.name, name);
    // As Latin-1, each byte is a character: a difference can be read.
    const text = Buffer.from(bytesOf(manifest)).toString("latin1");
    assert.equal(Buffer.from(result.manifest, "base64").toString("latin1"), text, name);
    assert.equal(result.tag, tag, name);
    assert.equal(Buffer.from(result.again, "base64").toString("latin1"), text, `${name}: parsed and rendered again`);
    assert.deepEqual(result.parsed, result.given, `${name}: what is parsed is what was given`);
    assert.ok(result.given.length > 0 && result.tag.length === { md5: 32, sha256: 64 }[options.algorithm], name);
  }
}

for (const { program, version } of nodes) {
  test(`the package in memory has them in Node ${version}`, () => {
    writeFileSync(
      join(installed.project, "main.mjs"),
      `import { readFileSync } from "node:fs";
       import * as docktag from "docktag/node";
       import { results } from "./vectors.mjs";
       console.log(JSON.stringify(results(docktag, JSON.parse(readFileSync("vectors.json", "utf8")))));`,
    );
    check(JSON.parse(ok(installed.project, program, ["main.mjs"])));
  });
}

test("the package in memory has them in Chromium", async () => {
  writeFileSync(
    join(installed.project, "page.js"),
    `import { results } from "/vectors.mjs";
     export default async (docktag) => results(docktag, await (await fetch("/vectors.json")).json());`,
  );
  check(await inBrowser(installed, "page.js"));
});

test("the action has them for trees on disk", () => {
  const folder = temporary();
  for (const [index, { name, options, tree, manifest, tag }] of vectors.entries()) {
    const workspace = join(folder, `${index}`);
    const beside = join(folder, `${index}-runner`);
    mkdirSync(workspace);
    layOut(workspace, tree);
    const ran = action(node24, workspace, beside, { command: "tag", path: options.path.join("\n"), algorithm: options.algorithm });
    assert.equal(ran.code, 0, `${name}:\n${ran.stdout}${ran.stderr}`);
    assert.equal(ran.outputs.tag, tag, name);
    assert.deepEqual(readFileSync(ran.outputs.manifest), Buffer.from(bytesOf(manifest)), name);
  }
});
