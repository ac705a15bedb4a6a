// The page in a real browser, as its users have it.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { launch } from "../../action/support/browser.js";
import { serve } from "./server.js";

export { pick, tagOf } from "./look.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").BrowserContextOptions} Look */

const SHOTS = fileURLToPath(new URL("../../../target/page/", import.meta.url));

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof serve>>} */
let site;

before(async () => {
  site = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  site?.close();
});

/**
 * Opens the page. Whatever it complains about in the console is an error, unless the test expects it.
 *
 * @param {{ fragment?: string, look?: Look, complaints?: string[] }} [how]
 */
export async function open({ fragment = "", look = {}, complaints } = {}) {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...look });
  const page = await context.newPage();
  const said = complaints ?? [];
  page.on("pageerror", ({ message }) => said.push(message));
  page.on("console", (message) => message.type() === "error" && said.push(message.text()));
  /** @type {string[]} */
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(site.url + fragment);
  const close = async () => {
    await context.close();
    if (!complaints) assert.deepEqual(said, []);
  };
  return { page, requests, site, close };
}

/**
 * Drops files or folders of this machine on an element, as a file manager does.
 *
 * @param {Page} page
 * @param {string} selector
 * @param {string[]} files
 */
export async function drop(page, selector, files) {
  await page.locator(selector).scrollIntoViewIfNeeded();
  const box = await page.locator(selector).boundingBox();
  assert.ok(box);
  const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height / 2, 30)];
  const session = await page.context().newCDPSession(page);
  for (const type of /** @type {const} */ (["dragEnter", "dragOver", "drop"])) {
    await session.send("Input.dispatchDragEvent", { type, x, y, data: { items: [], files, dragOperationsMask: 1 } });
  }
}

/**
 * A picture of a state, to be looked at: target/page/NAME.png.
 *
 * @param {Page} page
 * @param {string} name
 */
export async function picture(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}${name}.png`, fullPage: true });
}
