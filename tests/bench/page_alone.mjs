// `node page_alone.mjs FOLDER`: drops FOLDER on a page that reads every file and does nothing else; prints how many bytes, and how long that took.
// What Chromium takes for this no page can go below.
import { launch } from "../action/support/browser.js";
import { serve } from "../page/support/server.js";

const [folder] = process.argv.slice(2);
const site = await serve();
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(`${site.url}style.css`);
  await page.evaluate(() => {
    /** Files that are read as one, and files that are asked for at the same time. */
    const [TOGETHER, ASKED] = [200, 1000];
    const read = async (/** @type {File[]} */ files) => (await new Blob(files).arrayBuffer()).byteLength;
    /** Every file below a folder, several folders at a time. */
    const list = async (/** @type {any} */ root) => {
      const files = [];
      let open = [root];
      while (open.length > 0) {
        const listed = await Promise.all(open.splice(0, 8).map((folder) => Array.fromAsync(folder.values())));
        for (const handle of listed.flat()) (handle.kind === "file" ? files : open).push(handle);
      }
      return files;
    };
    const all = async (/** @type {any} */ root) => {
      const handles = await list(root);
      /** @type {Promise<number>[]} */
      const reads = [];
      /** @type {File[]} */
      let files = [];
      const lane = async () => {
        for (let handle = handles.pop(); handle; handle = handles.pop()) {
          const file = await handle.getFile();
          files.push(file);
          if (files.length < TOGETHER) continue;
          reads.push(read(files));
          files = [];
        }
      };
      await Promise.all(Array.from({ length: ASKED }, lane));
      return (await Promise.all([...reads, read(files)])).reduce((sum, bytes) => sum + bytes, 0);
    };
    const done = new Promise((resolve, reject) => {
      addEventListener("dragover", (event) => event.preventDefault());
      addEventListener("drop", (event) => {
        event.preventDefault();
        const start = performance.now();
        const [item] = /** @type {any} */ (event.dataTransfer).items;
        item.getAsFileSystemHandle().then(all).then((/** @type {number} */ bytes) => resolve({ tag: `${bytes} bytes`, milliseconds: performance.now() - start }), reject);
      });
    });
    Object.assign(globalThis, { done });
  });
  const session = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: 50, y: 50, data: { items: [], files: [folder], dragOperationsMask: 1 } });
  }
  console.log(JSON.stringify(await page.evaluate(() => globalThis.done)));
} finally {
  await browser.close();
  site.close();
}
