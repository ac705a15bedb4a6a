// One truth: the page has the manifests and tags of tests/vectors.json.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { layOut } from "../action/support/disk.js";
import { ok, temporary } from "../action/support/run.js";
import { bytesOf } from "../action/support/vectors.js";
import { open, pick, tagOf } from "./support/page.js";

/** @type {import("../action/support/vectors.js").Vector[]} */
const vectors = JSON.parse(readFileSync(fileURLToPath(new URL("../vectors.json", import.meta.url)), "utf8"));
const root = temporary();

test("every vector, in an archive", async () => {
  const { page, close } = await open();
  for (const [index, { name, options, tree, manifest, tag }] of vectors.entries()) {
    const folder = join(root, `${index}`);
    mkdirSync(folder);
    layOut(folder, tree);
    const archive = join(root, `${index}.tar${index % 2 ? ".gz" : ""}`);
    ok(folder, "tar", [index % 2 ? "-czf" : "-cf", archive, "."]);
    const fragment = new URLSearchParams({ mode: "folder", path: options.path.join("\n"), algorithm: options.algorithm });
    if (index > 0) await page.click("#again");
    await page.evaluate((hash) => (location.hash = hash), `${fragment}`);
    await pick(page, "file", archive);
    assert.equal(await tagOf(page).catch((error) => error.message), tag, name);
    const [saved] = await Promise.all([page.waitForEvent("download"), page.click("text=Save the manifest")]);
    assert.deepEqual(readFileSync(await saved.path()), Buffer.from(bytesOf(manifest)), name);
  }
  await close();
});
