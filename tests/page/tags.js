// `node tags.js ARCHIVE...`: the tags of the services of projects in archives as the page shows them, `SERVICE TAG` a line and a zero byte behind each project.
// For tests/e2e/torture/same.rs.
import { launch } from "../action/support/browser.js";
import { pick, tagOf } from "./support/look.js";
import { serve } from "./support/server.js";

const site = await serve();
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(site.url);
  for (const archive of process.argv.slice(2)) {
    await pick(page, "file", archive);
    await tagOf(page);
    const rows = await page.locator(".services tbody tr").all();
    for (const row of rows) process.stdout.write(`${await row.locator(".service").textContent()} ${await row.locator("code").textContent()}\n`);
    process.stdout.write("\0");
    await page.click("#again");
  }
} finally {
  await browser.close();
  site.close();
}
