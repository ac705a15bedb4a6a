// `node page.mjs dropped|picked|archive PATH`: gives a folder, or an archive of one, to the page in Chromium, and prints the tag of its `docker/` and how long that took.
// The time begins when the page has it, and ends when the tag stands there; how long Chromium takes to list what was picked is not in it.
import { launch } from "../action/support/browser.js";
import { serve } from "../page/support/server.js";

const [way, path] = process.argv.slice(2);
const site = await serve();
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(`${site.url}#mode=folder&path=docker`);
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => {
    const clock = { start: 0, end: 0 };
    const { promise, resolve, reject } = Promise.withResolvers();
    setTimeout(() => reject(new Error("no tag after two minutes")), 120_000);
    const begin = () => (clock.start ||= performance.now());
    for (const name of ["change", "drop"]) addEventListener(name, begin, true);
    new MutationObserver(() => {
      if (!document.querySelector("#tag, .trouble")) return;
      clock.end ||= performance.now();
      resolve(undefined);
    }).observe(document.body, { subtree: true, childList: true });
    Object.assign(globalThis, { clock, done: promise });
  });
  if (way === "dropped") {
    const { x, y } = (await page.locator("#drop").boundingBox()) ?? { x: 0, y: 0 };
    const session = await page.context().newCDPSession(page);
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      await session.send("Input.dispatchDragEvent", { type, x: x + 20, y: y + 20, data: { items: [], files: [path], dragOperationsMask: 1 } });
    }
  } else {
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.click(way === "archive" ? "#pick-file" : "#pick-folder")]);
    await chooser.setFiles(path);
  }
  // Nobody asks the page meanwhile whether it is done: that would take its time.
  const { tag, clock } = await page.evaluate(() => globalThis.done.then(() => ({ tag: document.querySelector("#tag, .trouble").textContent, clock: globalThis.clock })));
  console.log(JSON.stringify({ tag, milliseconds: clock.end - clock.start }));
} finally {
  await browser.close();
  site.close();
}
