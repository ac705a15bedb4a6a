// Files are hashed as they are, whatever their size and age, and however many threads work on them.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { close, hash } from "../../action/hash.js";

const folder = mkdtempSync(join(tmpdir(), "docktag-test-"));
after(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

const KB = 1024;
/** Around the borders of blocks, of what is read at once, and of what is hashed at once; and large ones. */
const SIZES = [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 64 * KB - 1, 64 * KB, 64 * KB + 1, 128 * KB, 300 * KB, 512 * KB, 1024 * KB + 7, 5000 * KB];
const silent = () => {};

/**
 * Files of these sizes in turn, with what `hash` is to say of them.
 * @param {string} name
 * @param {number} count
 * @param {number[]} sizes
 */
function files(name, count, sizes) {
  const contents = Array.from({ length: count }, (_, index) => randomBytes(sizes[index % sizes.length]));
  const paths = contents.map((content, index) => {
    const path = join(folder, `${name}-${index}`);
    writeFileSync(path, content, { mode: index % 3 === 0 ? 0o755 : 0o644 });
    return path;
  });
  return { contents, paths, names: paths.map((path) => path.slice(folder.length + 1)) };
}

/**
 * @param {import("../../pkg/docktag.js").Hashed} hashed
 * @param {Buffer[]} contents
 * @param {string} algorithm
 */
function check({ digests, sizes, executable }, contents, algorithm) {
  const width = digests.length / contents.length;
  contents.forEach((content, index) => {
    const digest = Buffer.from(digests.slice(width * index, width * index + width)).toString("hex");
    assert.equal(digest, createHash(algorithm).update(content).digest("hex"), `file ${index} of ${content.length} bytes`);
  });
  assert.deepEqual([...sizes], contents.map(({ length }) => length));
  assert.deepEqual([...executable], contents.map((_, index) => (index % 3 === 0 ? 1 : 0)));
}

/**
 * Hashing fails, and this is told.
 * @param {Promise<unknown>} hashed
 * @param {string} kind
 * @param {string} path
 */
const fails = (hashed, kind, path) =>
  assert.rejects(hashed, ({ failure }) => {
    assert.deepEqual([failure.kind, failure.path], [kind, path]);
    return true;
  });

/** A change is old after two seconds. */
const grow = () => new Promise((resolve) => setTimeout(resolve, 2100));

for (const algorithm of /** @type {const} */ (["md5", "sha256"])) {
  test(`${algorithm}: few files of all sizes, new and old`, async () => {
    const { contents, paths } = files(`few-${algorithm}`, SIZES.length, SIZES);
    check(await hash({ paths, algorithm, text: false }, silent), contents, algorithm);
    await grow();
    check(await hash({ paths, algorithm, text: false }, silent), contents, algorithm);
  });

  test(`${algorithm}: many files in several threads, of two lists at once`, async () => {
    const lists = [files(`many-${algorithm}`, 1500, [...SIZES.slice(0, 10), 5000, 9000]), files(`more-${algorithm}`, 500, [3000, 64 * KB, 70 * KB])];
    await grow();
    const all = await Promise.all(lists.map(({ names }) => hash({ paths: [{ folder, names: names.join("/") }], algorithm, text: false }, silent)));
    all.forEach((hashed, index) => check(hashed, lists[index].contents, algorithm));
  });
}

test("line ends as git has them", async () => {
  const path = join(folder, "text");
  writeFileSync(path, "a\r\nb\rc\r");
  const { digests } = await hash({ paths: [path], algorithm: "md5", text: true }, silent);
  assert.equal(Buffer.from(digests).toString("hex"), createHash("md5").update("a\nb\rc\r").digest("hex"));
});

test("one file that is not there fails them all, and is named; the next list is hashed", async () => {
  const { contents, paths } = files("lost", 900, [700]);
  const gone = join(folder, "gone");
  await fails(hash({ paths: [...paths.slice(0, 850), gone, ...paths.slice(850)], algorithm: "md5", text: false }, silent), "not-found", gone);
  check(await hash({ paths, algorithm: "md5", text: false }, silent), contents, "md5");
});

test("a file that is not as long as it says is told as changed", async () => {
  await fails(hash({ paths: ["/proc/self/status"], algorithm: "md5", text: false }, silent), "changed", "/proc/self/status");
});

test("a large file that is cut while it is read is told as changed", async () => {
  const path = join(folder, "large");
  writeFileSync(path, Buffer.alloc(40 * KB * KB));
  const hashed = hash({ paths: [path], algorithm: "md5", text: false }, silent);
  await new Promise((resolve) => setImmediate(resolve));
  truncateSync(path, 1);
  await fails(hashed, "changed", path);
});
