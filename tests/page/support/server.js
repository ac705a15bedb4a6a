// The repository as a static site, with a log of what was asked for.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** What a static host sends. @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};
/** Only what the published site has. */
const SITE = /^\/(action\/page|pkg)\//;

/** @returns {Promise<{ url: string, requests: { path: string, bytes: Buffer }[], close: () => void }>} */
export async function serve() {
  /** @type {{ path: string, bytes: Buffer }[]} */
  const requests = [];
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "", "http://localhost").pathname));
    const file = path.endsWith("/") ? `${path}index.html` : path;
    try {
      if (!SITE.test(file)) throw new Error("not on the site");
      const bytes = await readFile(join(ROOT, file));
      requests.push({ path: file, bytes });
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(bytes);
    } catch {
      requests.push({ path, bytes: Buffer.alloc(0) });
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/action/page/`, requests, close: () => server.close() };
}
