// Nothing leaves: no request but for the page's own files, and whatever is in names and files stays text.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { temporary } from "../action/support/run.js";
import { open, pick, tagOf } from "./support/page.js";

const root = temporary();

/** The browser asks for the icon of a page when it likes, or never. @param {string} address */
const isIcon = (address) => /\/(icon\.svg|favicon\.ico)$/.test(address);

/**
 * Waits until a file was asked for, and then nothing else for a while.
 *
 * @param {() => Array<{ path: string }>} asked
 * @param {string} file
 */
async function quiet(asked, file) {
  for (let [count, since] = [-1, Date.now()]; Date.now() - since < 1000 || !asked().some(({ path }) => path === file); ) {
    assert.ok(Date.now() - since < 60_000, `nobody asks for ${file}`);
    if (asked().length !== count) [count, since] = [asked().length, Date.now()];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("only the site's own files are loaded, and after that one more, whatever was given", async () => {
  const { page, requests, site, close } = await open();
  const origin = new URL(site.url).origin;
  // The core is there before it is needed.
  await quiet(() => site.requests, "/pkg/docktag_bg.wasm");
  const loaded = [...requests];
  const served = site.requests.length;
  await page.click("#example");
  await tagOf(page);
  await page.click("#example-before");
  await page.waitForSelector("#comparison");
  await page.click(".service[aria-pressed=false]");
  await quiet(() => site.requests, "/pkg/docktag_rest.wasm");
  for (const url of requests) assert.ok(url.startsWith(origin) || url.startsWith(`blob:${origin}`), url);
  // The half of the core that reads projects comes when there is a project: the same file for everybody.
  assert.deepEqual(requests.slice(loaded.length).filter((url) => !isIcon(url)), [`${origin}/pkg/docktag_rest.wasm`]);
  assert.deepEqual(site.requests.slice(served).map(({ path }) => path).filter((path) => !isIcon(path)), ["/pkg/docktag_rest.wasm"]);
  await close();
});

test("the policy stops requests of the page and of the worker, and scripts in the page", async () => {
  /** @type {string[]} */
  const complaints = [];
  const { page, close } = await open({ complaints });
  await page.click("#example");
  await tagOf(page);
  const leak = "fetch('https://docktag.test/?x').then(() => 'sent', () => 'refused')";
  assert.equal(await page.evaluate(leak), "refused");
  assert.equal(await page.workers()[0].evaluate(leak), "refused");
  assert.ok(complaints.filter((text) => /Content Security Policy/.test(text)).length >= 1, `${complaints}`);
  const blocked = await page.evaluate(() => {
    const other = location.origin.replace("127.0.0.1", "localhost");
    const image = new Promise((resolve) => Object.assign(new Image(), { onload: () => resolve("sent"), onerror: () => resolve("refused"), src: `${other}/action/page/icon.svg` }));
    const script = document.createElement("script");
    script.textContent = "window.injected = true";
    document.body.append(script);
    return image.then((it) => [it, "injected" in window]);
  });
  assert.deepEqual(blocked, ["refused", false]);
  await close();
});

test("names and contents that are HTML, scripts, or hidden characters are shown as text", async () => {
  const folder = join(root, "<img src=x onerror=alert(1)>");
  const bad = '<script>window.injected=1</script>"><svg onload=injected=1>';
  mkdirSync(join(folder, "<b>src"), { recursive: true });
  writeFileSync(join(folder, "<b>src/<img src=x onerror=injected=1>"), "x");
  writeFileSync(join(folder, "<b>src/\u202egnp.exe\u200b"), "x");
  writeFileSync(join(folder, ".dockerignore"), `# ${bad}\n<i>*\n`);
  writeFileSync(join(folder, "<i>ignored"), "x");
  writeFileSync(join(folder, "Dockerfile"), `FROM scratch\n# ${bad}\nARG A="${bad.replaceAll('"', "'")}"\nCOPY ["<b>src", "/"]\nLABEL a='<u>x'\n`);
  writeFileSync(join(folder, "compose.yaml"), `services:\n  app:\n    image: "example/x"\n    build:\n      context: .\n      args: { A: "<em>1" }\n`);
  const { page, close } = await open();
  /** @type {string[]} */
  const dialogs = [];
  page.on("dialog", (dialog) => dialogs.push(dialog.message()));
  await pick(page, "folder", folder);
  await tagOf(page);
  await page.fill("#filter", "<");
  assert.equal(await page.evaluate("'injected' in window"), false);
  assert.deepEqual(dialogs, []);
  const foreign = "#views img, #views script, #views svg, #views b, #views i, #views u, #views em, #project-name *";
  assert.equal(await page.locator(foreign).count(), 0);
  assert.equal(await page.textContent("#project-name"), "<img src=x onerror=alert(1)>");
  const files = (await page.textContent(".files")) ?? "";
  assert.match(files, /<b>src\/<img src=x onerror=injected=1>/);
  assert.match(files, /\\u202egnp\.exe\\u200b/);
  assert.match((await page.textContent("#views")) ?? "", /<script>window\.injected=1<\/script>/);
  await close();
});

test("errors show such texts as text too", async () => {
  const folder = join(root, "broken");
  mkdirSync(folder);
  writeFileSync(join(folder, "compose.yaml"), "services:\n  app: <img src=x onerror=injected=1>\n");
  const { page, close } = await open({ fragment: "#service=%3Cimg%20src=x%20onerror=injected=1%3E" });
  await pick(page, "folder", folder);
  await page.waitForSelector(".trouble");
  assert.equal(await page.locator(".trouble img").count(), 0);
  assert.equal(await page.evaluate("'injected' in window"), false);
  await close();
});

test("the first load is small, and nothing waits for the core", async () => {
  const { page, site, close } = await open();
  const start = site.requests.findLastIndex(({ path }) => path === "/action/page/index.html");
  await quiet(() => site.requests.slice(start), "/pkg/docktag_bg.wasm");
  const sizes = site.requests.slice(start).filter(({ path }) => !isIcon(path)).map(({ path, bytes }) => ({ path, size: gzipSync(bytes, { level: 9 }).length }));
  const own = sizes.filter(({ path }) => !path.startsWith("/pkg/")).reduce((sum, { size }) => sum + size, 0);
  const core = sizes.filter(({ path }) => path.startsWith("/pkg/")).reduce((sum, { size }) => sum + size, 0);
  console.log(`first load, gzipped: page ${own} bytes, core ${core} bytes`);
  assert.ok(own <= 66_000, `the page alone has ${own} bytes`);
  assert.ok(own + core <= 400_000, `${own + core} bytes`);
  await close();
});

test("without the core the page is there, and says what is wrong", async () => {
  /** @type {string[]} */
  const complaints = [];
  const { page, close } = await open({ complaints, look: { serviceWorkers: "block" } });
  await page.context().route("**/*.wasm", (route) => route.abort());
  await page.reload();
  assert.ok(await page.isVisible("#pick-folder"));
  await page.click("#example");
  await page.waitForSelector(".trouble");
  await close();
});

test("without the half that comes later it says so, and tries again", async () => {
  /** @type {string[]} */
  const complaints = [];
  const { page, close } = await open({ complaints });
  await page.context().route("**/docktag_rest.wasm", (route) => route.abort());
  await page.click("#example");
  await page.waitForSelector(".trouble");
  assert.match((await page.textContent(".trouble")) ?? "", /part of this page that reads projects could not be loaded/);
  await page.context().unroute("**/docktag_rest.wasm");
  await page.click("#example");
  await page.waitForSelector("#tag");
  await close();
});

test("a worker that does not come is asked for again, and missed aloud in the end", async () => {
  // The page itself asks for it too, ahead of time.
  for (const [refusals, shown] of /** @type {const} */ ([[2, "#tag"], [Infinity, ".trouble"]])) {
    /** @type {string[]} */
    const complaints = [];
    const { page, close } = await open({ complaints, look: { serviceWorkers: "block" } });
    let asked = 0;
    await page.context().route("**/core/worker.js", (route) => (++asked > refusals ? route.continue() : route.abort()));
    await page.reload();
    await page.click("#example");
    await page.waitForSelector(shown);
    assert.ok(asked > 2, `asked ${asked} times`);
    if (shown === ".trouble") assert.match((await page.textContent(shown)) ?? "", /the part of this page that does the work could not be loaded/);
    await close();
  }
});
