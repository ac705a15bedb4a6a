// Every way in gives the tag that the command line finds, and says whether it is exact.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ok, temporary } from "../action/support/run.js";
import { drop, open, pick, tagOf } from "./support/page.js";
import { commit, native, project, tagOfService } from "./support/project.js";

const root = temporary();
const plain = project(join(root, "plain/shop"));
const linked = project(join(root, "linked/shop"), { link: true });
const repository = join(root, "repository/shop");
cpSync(plain, repository, { recursive: true });
commit(repository);
const tag = tagOfService(plain, "app");
const tagWithLink = tagOfService(linked, "app");
/** What a folder without modes gives. */
const tagWithoutModes = (() => {
  const folder = join(root, "modes/shop");
  cpSync(plain, folder, { recursive: true });
  ok(folder, "chmod", ["-R", "a-x,a+X", "."]);
  ok(folder, "chmod", ["a-x", "run.sh", "job/run"]);
  return tagOfService(folder, "app");
})();
const archives = join(root, "archives");
mkdirSync(archives);
const tar = (/** @type {string} */ name, /** @type {string[]} */ args, /** @type {string} */ from) => ok(from, "tar", [...args, "-f", join(archives, name), "shop"]);
tar("shop.tar", ["-c"], join(root, "linked"));
tar("shop.tar.gz", ["-cz"], join(root, "linked"));
tar("pax.tgz", ["-cz", "--format=pax"], join(root, "linked"));
const gitLinked = join(root, "git/shop");
cpSync(linked, gitLinked, { recursive: true, verbatimSymlinks: true });
commit(gitLinked);
ok(gitLinked, "git", ["archive", "-o", join(archives, "flat.zip"), "HEAD"]);
ok(gitLinked, "git", ["archive", "--prefix=shop-1.0/", "-o", join(archives, "prefixed.zip"), "HEAD"]);
ok(gitLinked, "git", ["archive", "-o", join(archives, "flat.tar.gz"), "HEAD"]);

test("a folder that is dropped: not exact, and what to do about it", async () => {
  const { page, close } = await open({ fragment: "#service=app" });
  await drop(page, "#drop", [plain]);
  assert.equal(await tagOf(page), tagWithoutModes);
  assert.match((await page.textContent("#exact")) ?? "", /^Not exact executable bits are not visible.*git archive/);
  await close();
});

test("a folder that is dropped with its .git: exact", async () => {
  const { page, close } = await open({ fragment: "#service=app" });
  await drop(page, "#drop", [repository]);
  assert.equal(await tagOf(page), tag);
  assert.match((await page.textContent("#exact")) ?? "", /^Exact .*\.git index/);
  await close();
});

test("a folder that is dropped with names that Windows does not allow", async () => {
  const folder = join(root, "odd");
  mkdirSync(join(folder, "docker/con"), { recursive: true });
  for (const name of [".env.local", "a:b", "c?.txt", "end.", "space ", "x.lnk", "y.url", "desktop.ini", "con/nul", "back\\slash", "n\nl"]) writeFileSync(join(folder, "docker", name), name);
  const { page, close } = await open({ fragment: "#mode=folder&path=docker" });
  await drop(page, "#drop", [folder]);
  assert.equal(await tagOf(page), native(folder, ["tag", "--path", "docker"]).trim());
  await close();
});

test("a folder that is picked", async () => {
  const { page, close } = await open({ fragment: "#service=app" });
  await pick(page, "folder", repository);
  assert.equal(await tagOf(page), tag);
  assert.match((await page.textContent("#exact")) ?? "", /^Exact/);
  await close();
});

test("a link that git knows and the browser does not show: not exact", async () => {
  const { page, close } = await open({ fragment: "#service=app" });
  await pick(page, "folder", gitLinked);
  await tagOf(page);
  assert.match((await page.textContent("#exact")) ?? "", /^Not exact symbolic links are not visible to a browser: shop\/src\/link/);
  await close();
});

for (const version of ["2", "3", "4"]) {
  test(`git's index, version ${version}`, async () => {
    ok(repository, "git", ["update-index", "--index-version", version, "--force-write-index"]);
    const { page, close } = await open({ fragment: "#service=app" });
    await pick(page, "folder", repository);
    assert.equal(await tagOf(page), tag);
    await close();
  });
}

for (const name of ["shop.tar", "shop.tar.gz", "pax.tgz", "flat.tar.gz", "flat.zip", "prefixed.zip"]) {
  test(`${name}: modes and links as they are, exact`, async () => {
    const { page, close } = await open({ fragment: "#service=app" });
    if (name.startsWith("flat")) await drop(page, "#drop", [join(archives, name)]);
    else await pick(page, "file", join(archives, name));
    assert.equal(await tagOf(page), tagWithLink);
    assert.match((await page.textContent("#exact")) ?? "", /^Exact .*archive/);
    await close();
  });
}

test("the example, in one click", async () => {
  const { page, close } = await open();
  await page.click("#example");
  assert.match((await tagOf(page)) ?? "", /^[0-9a-f]{32}$/);
  assert.match((await page.textContent("#exact")) ?? "", /^Exact/);
  await page.click("#example-before");
  await page.waitForSelector("#comparison");
  assert.match((await page.textContent("#comparison")) ?? "", /3 differences.*src\/shared\/cart\.js/);
  await close();
});

test("two folders: a file that changed opens to its lines, and says why it cannot", async () => {
  const [was, is] = ["was", "is"].map((name) => join(root, name, "docker"));
  for (const folder of [was, is]) mkdirSync(folder, { recursive: true });
  const numbers = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
  writeFileSync(join(was, "text"), `${numbers.join("\n")}\n`);
  writeFileSync(join(is, "text"), ["<b>new</b>", ...numbers.filter((line) => line !== "line 15")].join("\n"));
  writeFileSync(join(was, "binary"), "a\0");
  writeFileSync(join(is, "binary"), "b\0");
  writeFileSync(join(was, "long"), "x\n".repeat(2000));
  writeFileSync(join(is, "long"), "y\n".repeat(2000));
  const { page, close } = await open({ fragment: "#mode=folder&path=docker" });
  await drop(page, "#drop", [join(root, "is")]);
  await tagOf(page);
  await drop(page, "#compare", [join(root, "was")]);
  await page.waitForSelector("#comparison");
  for (const opener of await page.locator(".opener").all()) await opener.click();
  await page.waitForFunction(() => document.querySelectorAll(".diff .listing, .diff .hint").length >= 3);
  const said = await page.locator(".diff").allTextContents();
  assert.deepEqual(said.slice(0, 2), ["not a text", "other text: more than 1,500 lines differ"]);
  const lines = await page.locator(".diff .listing tr").allTextContents();
  assert.deepEqual(lines, ["1+added<b>new</b>", "12 line 1", "23 line 2", "34 line 3", "⋯", "1213 line 12", "1314 line 13", "1415 line 14", "15−removedline 15", "1616 line 16", "1717 line 17", "1818 line 18", "1919 line 19", "20−removedline 20", "20+addedline 20 (no newline at the end)"]);
  await page.locator(".opener").first().click();
  assert.equal(await page.locator(".diff").count(), 2);
  await close();
});
