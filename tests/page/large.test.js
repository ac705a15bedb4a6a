// 20,000 files, and a large one: the page stays responsive, says how far it is, and can be stopped.
import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { temporary } from "../action/support/run.js";
import { drop, open, pick, picture, tagOf } from "./support/page.js";
import { native } from "./support/project.js";

const root = temporary();
const folder = join(root, "large");
for (let outer = 0; outer < 100; outer++) {
  mkdirSync(join(folder, `docker/${outer}`), { recursive: true });
  for (let inner = 0; inner < 200; inner++) writeFileSync(join(folder, `docker/${outer}/${inner}.txt`), `${outer} ${inner}\n`.repeat((outer * inner) % 900));
}

/** Counts the turns that the page gets for anything else, and the longest time without one, in milliseconds. @param {import("playwright-core").Page} page */
function watch(page) {
  return page.evaluate(() => {
    let [last, longest, turns] = [performance.now(), 0, 0];
    const beat = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      turns++;
      last = now;
      setTimeout(beat, 0);
    };
    beat();
    Object.assign(window, { turns: () => [turns, longest] });
  });
}

for (const way of ["dropped", "picked"]) {
  test(`20,000 files that are ${way}`, async () => {
    const { page, close } = await open({ fragment: "#mode=folder&path=docker" });
    const start = performance.now();
    if (way === "dropped") await drop(page, "#drop", [folder]);
    else await pick(page, "folder", folder);
    await watch(page);
    const tag = await tagOf(page);
    const took = performance.now() - start;
    assert.equal(tag, native(folder, ["tag", "--path", "docker"]).trim());
    const [turns, longest] = await page.evaluate(() => /** @type {any} */ (window).turns());
    console.log(`20,000 files ${way}: ${Math.round(took)} ms, at most ${Math.round(longest)} ms without a turn`);
    // A page that hashes by itself gets none until it has ended.
    assert.ok(turns >= 20, `${turns} turns`);
    assert.match((await page.textContent("#project-about")) ?? "", /20,000 files/);
    assert.ok((await page.locator(".tile").count()) <= 48);
    assert.ok((await page.locator(".files tbody tr").count()) <= 200);
    await page.fill("#filter", "99/199");
    await page.waitForFunction(() => document.querySelectorAll(".files tbody tr").length === 1);
    if (way === "picked") await picture(page, "large");
    await close();
  });
}

test("a gigabyte shows how far it is, and can be cancelled", async () => {
  const heavy = join(root, "heavy");
  mkdirSync(join(heavy, "docker"), { recursive: true });
  for (const name of ["a", "b"]) {
    const file = openSync(join(heavy, "docker", name), "w");
    ftruncateSync(file, 512 * 1024 * 1024);
    closeSync(file);
  }
  const { page, close } = await open({ fragment: "#mode=folder&path=docker" });
  await pick(page, "folder", heavy);
  await page.waitForSelector("#progress-bar", { state: "visible" });
  await page.waitForFunction(() => /MB/.test(document.querySelector("#progress-text")?.textContent ?? ""));
  await picture(page, "progress");
  const [progress, facts] = [await page.locator("#progress").boundingBox(), await page.locator("#facts").boundingBox()];
  assert.ok(progress && facts && progress.y + progress.height <= facts.y, "it covers nothing");
  await page.click("#cancel");
  assert.ok(await page.isHidden("#progress"));
  assert.ok(await page.isVisible("#start"));
  await page.click("#example");
  await tagOf(page);
  assert.equal(await page.textContent("#project-name"), "shop");
  await page.click("#again");
  await page.evaluate(() => (location.hash = "#mode=folder&path=docker"));
  const start = performance.now();
  await pick(page, "folder", heavy);
  await page.waitForSelector("#tag", { timeout: 120_000 });
  console.log(`1 GB: ${Math.round(performance.now() - start)} ms`);
  await close();
});

test("after a folder that was cancelled, an empty one has no file of it", async () => {
  const empty = join(root, "empty");
  mkdirSync(join(empty, "docker"), { recursive: true });
  const { page, close } = await open({ fragment: "#mode=folder&path=docker" });
  await drop(page, "#drop", [folder]);
  await page.waitForFunction(() => /^Reading: [1-9]/.test(document.querySelector("#progress-text")?.textContent ?? ""));
  await page.click("#cancel");
  await drop(page, "#drop", [empty]);
  await page.waitForSelector("#tag, .trouble");
  assert.match((await page.textContent(".trouble")) ?? "", /there is no file in it/);
  await close();
});
