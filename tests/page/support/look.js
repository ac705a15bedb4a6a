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
  // On a busy machine a click can come before anything listens to it.
  for (let tries = 1; ; tries++) {
    const choosing = page.waitForEvent("filechooser", { timeout: 10_000 }).catch((error) => {
      if (tries === 5) throw error;
    });
    const [chooser] = await Promise.all([choosing, page.click(`#pick-${what}`)]);
    if (chooser) return chooser.setFiles(paths);
  }
}
