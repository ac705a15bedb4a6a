// Giving the page files, and reading what it shows of them.

/** @typedef {import("playwright-core").Page} Page */

/**
 * The tag that the page shows; its error where there is none.
 *
 * @param {Page} page
 */
export async function tagOf(page) {
  await page.waitForSelector("#tag, .trouble", { timeout: 60_000 });
  const trouble = await page.$(".trouble");
  if (trouble) throw new Error(`the page says: ${await trouble.textContent()}`);
  return page.textContent("#tag");
}

/**
 * Gives the page files through its own picker.
 *
 * @param {Page} page
 * @param {"folder" | "file"} what
 * @param {string | string[]} paths
 */
export async function pick(page, what, paths) {
  await page.setInputFiles(`#${what}-input`, []).catch(() => {});
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.click(`#pick-${what}`)]);
  await chooser.setFiles(paths);
}
