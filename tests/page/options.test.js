// Options live in the fragment, and give the tags that the command line gives with the same ones.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ok, temporary } from "../action/support/run.js";
import { open, pick, tagOf } from "./support/page.js";
import { native, project, tagOfService } from "./support/project.js";

const root = temporary();
const folder = project(join(root, "shop"));
const archive = join(root, "shop.tar");
ok(root, "tar", ["-cf", archive, "shop"]);

/** @type {Array<[name: string, fragment: string, tag: () => string]>} */
const CASES = [
  ["service", "#service=job", () => tagOfService(folder, "job")],
  ["platform", "#service=app&platform=linux%2Farm64", () => tagOfService(folder, "app", ["--platform", "linux/arm64"])],
  ["algorithm", "#service=app&algorithm=sha256", () => tagOfService(folder, "app", ["--algorithm", "sha256"])],
  ["folder", "#mode=folder&path=docker", () => native(folder, ["tag", "--path", "docker"]).trim()],
  ["two folders", "#mode=folder&path=src%0Ajob", () => native(folder, ["tag", "--path", "src", "--path", "job"]).trim()],
];
for (const [name, fragment, tag] of CASES) {
  test(`${name}, from a link`, async () => {
    const { page, close } = await open({ fragment });
    await pick(page, "file", archive);
    assert.equal(await tagOf(page), tag());
    await close();
  });
}

test("a variable for the Compose file", async () => {
  const before = tagOfService(folder, "job");
  writeFileSync(join(folder, ".env"), "A=2\n");
  const tag = tagOfService(folder, "job");
  assert.notEqual(tag, before);
  const { page, close } = await open({ fragment: "#service=job&arg=A%3D2" });
  await pick(page, "file", archive);
  assert.equal(await tagOf(page), tag);
  await close();
});

test("a Dockerfile alone is a service with that build", async () => {
  const alone = project(join(root, "alone"));
  ok(alone, "rm", ["compose.yaml"]);
  ok(root, "tar", ["-cf", "alone.tar", "alone"]);
  writeFileSync(join(alone, "compose.yaml"), "services:\n  x:\n    build: { context: ., target: job, args: { A: 'a$$b' } }\n");
  const { page, close } = await open({ fragment: "#target=job&arg=A%3Da%24b" });
  await pick(page, "file", join(root, "alone.tar"));
  assert.equal(await tagOf(page), tagOfService(alone, "x"));
  await close();
});

test("what is chosen stands in the fragment, and nothing about the files does", async () => {
  const { page, close } = await open();
  await pick(page, "file", archive);
  const first = await tagOf(page);
  assert.equal(await page.evaluate("location.hash"), "");
  await page.click("#options summary");
  await page.selectOption("[name=algorithm]", "sha256");
  await page.waitForFunction(() => document.querySelector("#tag")?.textContent?.length === 64);
  await page.fill("[name=platform]", "linux/arm64");
  await page.press("[name=platform]", "Tab");
  await page.fill("[name=arg]", "A=b c\nB=&=#");
  await page.press("[name=arg]", "Tab");
  await page.click(".service[aria-pressed=false]");
  await page.waitForFunction(() => /service=job/.test(location.hash));
  const fragment = await page.evaluate("location.hash");
  const given = new URLSearchParams(fragment.slice(1));
  const named = { mode: "compose", dir: "shop", service: "job", platform: "linux/arm64", algorithm: "sha256", arg: "A=b c" };
  for (const [name, value] of Object.entries(named)) assert.equal(given.get(name), value, fragment);
  assert.deepEqual(given.getAll("arg"), ["A=b c", "B=&=#"]);
  await page.waitForFunction(() => document.querySelector("#tag-title")?.textContent === "Tag of job");
  const tag = await tagOf(page);
  assert.notEqual(tag, first);
  await close();
  const again = await open({ fragment });
  await pick(again.page, "file", archive);
  assert.equal(await tagOf(again.page), tag);
  assert.equal(await again.page.evaluate("location.hash"), fragment);
  await again.close();
});

test("a fragment that makes no sense is as good as none", async () => {
  const { page, close } = await open({ fragment: "#mode=nonsense&algorithm=crc&dir=../..&x=%ff" });
  await pick(page, "file", archive);
  assert.match((await tagOf(page)) ?? "", /^[0-9a-f]{32}$/);
  await close();
});

test("the shell line gives the tag, and can be copied", async () => {
  const { page, close } = await open({ fragment: "#mode=folder&path=docker" });
  await pick(page, "file", archive);
  const tag = await tagOf(page);
  await page.click("[aria-label='Copy shell line']");
  const line = await page.evaluate("navigator.clipboard.readText()");
  assert.equal(ok(folder, "sh", ["-c", line]).split(" ")[0], tag);
  const snippet = (await page.textContent(".snippet pre")) ?? "";
  assert.match(snippet, /path: docker\n/);
  await close();
});
