// The page in Firefox: it loads, and the example, a folder and an archive have the tags that the command line finds.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, test } from "node:test";

import { ok, temporary } from "../action/support/run.js";
import { start } from "./support/firefox.js";
import { native, project } from "./support/project.js";
import { serve } from "./support/server.js";

const site = await serve();
const page = await start();
after(() => site.close());
const root = temporary();
const shop = project(join(root, "shop"));
const tag = native(shop, ["tag", "--path", "docker"]).trim();
ok(root, "tar", ["-czf", join(root, "shop.tar.gz"), "shop"]);

/** The tag that is shown, or what is wrong. */
const found = () =>
  page.run(`const [done] = arguments;
    const look = () => { const it = document.querySelector("#tag, .trouble"); it ? done(it.textContent) : setTimeout(look, 50) };
    look();`);

test("the example, in one click", async () => {
  await page.open(site.url);
  await page.click("#example");
  assert.match(await found(), /^[0-9a-f]{32}$/);
  await page.click("#example-before");
  const name = await page.run(`const [done] = arguments;
    const look = () => { const it = document.querySelector(".opener"); it ? done(it.textContent) : setTimeout(look, 50) };
    look();`);
  assert.equal(name, "src/shared/cart.js");
  await page.click("#again");
  assert.equal(await page.run(`setTimeout(arguments[0], 300, document.querySelector("#trouble").textContent)`), "");
});

test("a folder that is picked", async () => {
  await page.open("about:blank");
  await page.open(`${site.url}#mode=folder&path=docker`);
  // Its dialog for folders cannot be driven: the files that it would give are put into the page's own element.
  await page.run("HTMLInputElement.prototype.click = () => {}; arguments[0]()");
  await page.click("#pick-folder");
  const files = ok(shop, "find", [shop, "-type", "f"]).trim().split("\n").map((file) => [join("shop", relative(shop, file)), readFileSync(file, "utf8")]);
  await page.run(
    `const [all, done] = arguments;
     const input = document.querySelector("#folder-input");
     const files = all.map(([path, text]) => Object.defineProperty(new File([text], path.split("/").at(-1)), "webkitRelativePath", { value: path }));
     Object.defineProperty(input, "files", { value: files });
     input.dispatchEvent(new Event("change"));
     done();`,
    files,
  );
  assert.equal(await found(), tag);
});

test("an archive", async () => {
  await page.open("about:blank");
  await page.open(`${site.url}#mode=folder&path=docker`);
  await page.run("HTMLInputElement.prototype.click = () => {}; arguments[0]()");
  await page.click("#pick-file");
  await page.give("#file-input", join(root, "shop.tar.gz"));
  assert.equal(await found(), tag);
});
