// What is broken is shown at its place, with the remedy.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { ok, temporary } from "../action/support/run.js";
import { drop, open, pick, picture, tagOf } from "./support/page.js";

const root = temporary();

/**
 * @param {string} name
 * @param {Record<string, string>} files
 */
function lay(name, files) {
  const folder = join(root, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/**
 * @param {string} name
 * @param {string} given
 * @param {"folder" | "file"} what
 * @param {RegExp[]} texts
 * @param {string} [fragment]
 */
function says(name, given, what, texts, fragment) {
  test(name, async () => {
    const { page, close } = await open({ fragment });
    await pick(page, what, given);
    await page.waitForSelector(".trouble");
    const text = (await page.textContent(".trouble")) ?? "";
    for (const expected of texts) assert.match(text, expected);
    assert.ok(await page.isVisible(".trouble .help"), text);
    assert.equal(await page.getAttribute(".trouble", "role"), "alert");
    if (name === "a broken Compose file") await picture(page, "trouble");
    await close();
  });
}

const dockerfile = "FROM scratch\nCOPY a /\n";
says("a broken Compose file", lay("yaml", { "compose.yaml": "services:\n  app:\n    build: .\n   image: x\n", Dockerfile: dockerfile, a: "" }), "folder", [/compose\.yaml:\d/, /image: x/]);
says("a Compose file that says nothing we know", lay("key", { "compose.yaml": "services:\n  app:\n    biuld: .\n" }), "folder", [/compose\.yaml/]);
says("no Dockerfile", lay("none", { "compose.yaml": "services:\n  app:\n    build: .\n" }), "folder", [/Dockerfile/, /no such Dockerfile/]);
says("a source that is missing", lay("source", { "compose.yaml": "services:\n  app:\n    image: x/y\n    build: .\n", Dockerfile: "FROM scratch\nCOPY gone /\n" }), "folder", [/Dockerfile:2/, /gone/, /COPY gone/]);
says("a folder that is not there", lay("path", { x: "" }), "folder", [/nothere/, /no such folder/], "#mode=folder&path=nothere");
says("no archive at all", join(lay("text", { "x.txt": "hello".repeat(200) }), "x.txt"), "file", [/x\.txt/, /no tar archive/]);

const archive = join(root, "cut.tar.gz");
ok(lay("cut", { "a/b": "x".repeat(100_000), "a/c": `${Math.random()}`.repeat(9000) }), "tar", ["-czf", archive, "a"]);
ok(root, "sh", ["-c", "head -c 300 cut.tar.gz >short.tar.gz; xz -k cut.tar.gz 2>/dev/null || printf '\\3757zXZ\\0000' >cut.tar.gz.xz"]);
says("an archive that is cut off", join(root, "short.tar.gz"), "file", [/short\.tar\.gz/, /damaged|cut off/]);
says("an archive of another kind", join(root, "cut.tar.gz.xz"), "file", [/xz/, /\.tar\.gz/]);

test("a damaged file in a zip archive is an error, with its name", async () => {
  const folder = lay("zip", { "docker/a": "hello hello hello hello hello hello\n", "docker/b": "b\n" });
  for (const args of [["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.test", "commit", "-qm", "all"]]) ok(folder, "git", args);
  const file = join(root, "damaged.zip");
  ok(folder, "git", ["archive", "-0", "-o", file, "HEAD"]);
  const { readFileSync } = await import("node:fs");
  const bytes = readFileSync(file);
  bytes[bytes.indexOf("hello hello")] ^= 1;
  writeFileSync(file, bytes);
  const { page, close } = await open();
  await pick(page, "file", file);
  await page.waitForSelector(".trouble");
  assert.match((await page.textContent(".trouble")) ?? "", /docker\/a.*it is damaged in the archive/);
  await close();
});

test("after an error another try works, and so does another choice", async () => {
  const { page, close } = await open();
  await pick(page, "folder", lay("again", { "docker/x": "x", "compose.yaml": "services: [" }));
  await page.waitForSelector(".trouble");
  await page.click("#options summary");
  await page.selectOption("[name=mode]", "folder");
  assert.match((await tagOf(page).catch(() => page.waitForSelector("#tag").then(() => page.textContent("#tag")))) ?? "", /^[0-9a-f]{32}$/);
  assert.equal(await page.locator(".trouble").count(), 0);
  await close();
});

for (const way of ["dropped", "picked"]) {
  test(`a file of a folder that was ${way} and changed since is an error, with its name`, async () => {
    const folder = lay(`changed-${way}`, { "docker/a": "a\n", "docker/b": "b\n", "docker/c": "c\n" });
    const { page, close } = await open({ fragment: "#mode=folder&path=docker" });
    if (way === "dropped") await drop(page, "#drop", [folder]);
    else await pick(page, "folder", folder);
    await tagOf(page);
    writeFileSync(join(folder, "docker/b"), "other\n");
    await page.click("#options summary");
    await page.selectOption("[name=algorithm]", "sha256");
    await page.waitForSelector(".trouble");
    assert.match((await page.textContent(".trouble")) ?? "", /docker\/b.*changed since it was chosen/);
    assert.equal(await page.locator("#tag").count(), 0);
    await close();
  });
}
