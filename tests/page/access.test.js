// For everybody: axe finds no barrier in any main state, in light and dark, wide and narrow; the keyboard reaches everything.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { axe } from "../action/support/browser.js";
import { temporary } from "../action/support/run.js";
import { open, pick, picture, tagOf } from "./support/page.js";

/** @typedef {import("playwright-core").Page} Page */

const root = temporary();
const broken = join(root, "broken");
mkdirSync(broken);
writeFileSync(join(broken, "compose.yaml"), "services:\n  app:\n    build: .\n  build: [\n");
const unknown = join(root, "unknown");
mkdirSync(unknown);
writeFileSync(join(unknown, "Dockerfile"), "FROM busybox:1.36\nCOPY . /\n");

/** @type {Array<[name: string, reach: (page: Page) => Promise<void>]>} */
const STATES = [
  ["start", async () => {}],
  ["example", async (page) => {
    await page.click("#example");
    await tagOf(page);
    await page.click("#options summary");
    await page.click(".others summary");
  }],
  ["compared", async (page) => {
    await page.click("#example");
    await tagOf(page);
    await page.click("#example-before");
    await page.click("#comparison .opener");
    await page.waitForSelector(".diff .listing");
  }],
  ["inexact", async (page) => {
    await pick(page, "folder", unknown);
    await tagOf(page);
  }],
  ["broken", async (page) => {
    await pick(page, "folder", broken);
    await page.waitForSelector(".trouble");
  }],
];

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1100, 390]) {
    for (const [name, reach] of STATES) {
      test(`${name}, ${colorScheme}, ${width} pixels`, async () => {
        // The test's own script has to get past the policy.
        const { page, close } = await open({ look: { colorScheme, viewport: { width, height: 850 }, bypassCSP: true } });
        await reach(page);
        await picture(page, `${name}-${colorScheme}-${width}`);
        await page.evaluate(axe());
        const { violations } = /** @type {any} */ (await page.evaluate("axe.run()"));
        const found = violations.map((/** @type {any} */ it) => `${it.id}: ${it.nodes.map((/** @type {any} */ node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
        assert.deepEqual(found, []);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, "nothing sticks out to the side");
        await close();
      });
    }
  }
}

test("the keyboard alone: the example, a folder of the map, a file, another service, a snippet", async () => {
  const { page, close } = await open();
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent || "");
  for (let presses = 0; presses < 10 && (await focused()) !== "example"; presses++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const first = await tagOf(page);
  assert.equal(await focused(), "project-name");

  const tabTo = async (/** @type {string} */ selector) => {
    for (let presses = 0; presses < 80; presses++) {
      if (await page.evaluate((it) => document.activeElement?.matches(it), selector)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`the tab key does not reach ${selector}`);
  };
  await tabTo(".service[aria-pressed=false]");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#tag-title")?.textContent === "Tag of worker");
  assert.notEqual(await tagOf(page), first);
  await page.waitForFunction(() => document.activeElement?.matches(".service[aria-pressed=true]"));

  await tabTo(".tile");
  assert.match((await page.textContent(".map-caption")) ?? "", /^public: /);
  await page.keyboard.press("Enter");
  assert.equal(await page.textContent(".crumbs [aria-current]"), "public");
  await page.keyboard.press("ArrowRight");
  assert.match((await page.textContent(".map-caption")) ?? "", /^public\//);
  await page.keyboard.press("Backspace");
  assert.equal(await page.textContent(".crumbs [aria-current]"), "project");
  for (let presses = 0; presses < 20 && !(await page.evaluate(() => document.activeElement?.matches(".tile:not(.folder)"))); presses++) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "filter");
  assert.notEqual(await page.inputValue("#filter"), "");

  await tabTo(".choice[aria-pressed=false]");
  await page.keyboard.press("Enter");
  assert.match((await page.textContent(".snippet")) ?? "", /\.circleci\/config\.yml/);
  await close();
});

test("with reduced motion nothing moves", async () => {
  const { page, close } = await open({ look: { reducedMotion: "reduce" } });
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
  assert.equal(await page.evaluate(() => getComputedStyle(/** @type {Element} */ (document.querySelector("#drop"))).transitionDuration), "0s");
  await close();
});
