// A real browser with a page of a static file server: no bundler, no framework.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { ok } from "./run.js";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

/**
 * Runs `export default async function (docktag)` of a module in a page, with the package as a page imports it.
 *
 * @param {import("./installed.js").Installed} installed its project holds the module
 * @param {string} module the module's name there
 * @returns {Promise<any>} what the function returned
 */
export async function inBrowser({ project, entry }, module) {
  const imports = JSON.stringify({ imports: { docktag: `/${entry}` } });
  const index = `<!doctype html><title>docktag</title><script type="importmap">${imports}</script>`;
  const server = createServer((request, response) => void serve(project, index, request.url ?? "", response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const browser = await launch();
  try {
    const page = await browser.newPage();
    /** @type {Error[]} */
    const errors = [];
    page.on("pageerror", (error) => errors.push(error));
    await page.goto(`http://127.0.0.1:${port}/`);
    const source = `Promise.all([import("docktag"), import("/${module}")]).then(([docktag, test]) => docktag.default().then(() => test.default(docktag)))`;
    const result = await page.evaluate(source);
    if (errors.length > 0) throw errors[0];
    return result;
  } finally {
    await browser.close();
    server.close();
  }
}

/** A browser without a window. */
export function launch() {
  return chromium.launch({ executablePath: program("chromium"), args: ["--no-sandbox"] });
}

/** The source of axe, which looks for barriers in a page. */
export function axe() {
  return readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
}

/**
 * The program of a browser, from `tests/tools.sh`.
 * @param {"chromium" | "firefox"} name
 */
export function program(name) {
  const tools = fileURLToPath(new URL("../../tools.sh", import.meta.url));
  const { HOME = "", DOCKTAG_TEST_CACHE = "" } = process.env;
  return ok(".", tools, [name], { HOME, DOCKTAG_TEST_CACHE }).trim();
}

/**
 * @param {string} folder
 * @param {string} index
 * @param {string} url
 * @param {import("node:http").ServerResponse} response
 */
async function serve(folder, index, url, response) {
  const { pathname } = new URL(url, "http://localhost");
  try {
    const body = pathname === "/" ? index : await readFile(join(folder, decodeURIComponent(pathname)));
    const type = pathname === "/" ? ".html" : extname(pathname);
    response.writeHead(200, { "content-type": TYPES[/** @type {keyof typeof TYPES} */ (type)] ?? "application/octet-stream" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}
