// The npm package as its users have it: packed, and installed in an empty project.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { inBrowser } from "./support/browser.js";
import { install } from "./support/installed.js";
import { nodes } from "./support/nodes.js";
import { ok, run } from "./support/run.js";

const installed = install();
const { project, packed } = installed;
copyFileSync(fileURLToPath(new URL("support/api.js", import.meta.url)), join(project, "api.mjs"));
copyFileSync(fileURLToPath(new URL("../vectors.json", import.meta.url)), join(project, "vectors.json"));

// Known from the standards and from coreutils.
const [A, B, C] = ["0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f", "4a8a08f09d37b73795649038408b5f33"];
const BEFORE = `${A}  docker/a\n${B}  docker/b\n${C}  docker/gone\n`;
const AFTER = `${A}  docker/a\n${C}  docker/b\n\\${C}  docker/new\\nline\n`;

/** @param {any} facts what support/api.js gives back */
function check({ ends, needs, ...facts }) {
  checkHashed(facts);
  const [absolute, option] = ends;
  assert.deepEqual([absolute.error.code, absolute.error.place, absolute.exit], ["path-invalid", "/etc", 2]);
  assert.match(option.error.message, /paht/);
  assert.deepEqual(needs.needs.map((/** @type {[number, unknown]} */ [, need]) => need), [{ need: "list", root: "docker" }]);
}

/** @param {any} facts all of them but those of sessions */
function checkHashed({ errors, ...facts }) {
  assert.deepEqual(facts, {
    abc: ["900150983cd24fb0d6963f7d28e17f72", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    text: [BEFORE, AFTER],
    bytes: Array.from(Buffer.from(`${A}  d\xff\n`, "latin1")),
    tags: ["md5", "sha256"].map((algorithm) => createHash(algorithm).update(BEFORE).digest("hex")),
    parsed: [
      { notes: [], files: [{ path: "docker/a", digest: A }, { path: "docker/b", digest: C }, { path: "docker/new\nline", digest: C }] },
      { notes: [], files: [{ path: [100, 255], digest: A }] },
    ],
    notes: ["# docktag 1", "# platform linux/amd64"],
    diff: { added: [], removed: [], changed: ["docker/b"], renamed: [{ from: "docker/gone", to: "docker/new\nline" }], notes: [] },
    defines: true,
  });
  for (const [what, error] of Object.entries(errors)) {
    assert.ok(error, `${what} is no error`);
    assert.ok(error.isError && error.message !== "" && /^[a-z-]+$/.test(error.code), `${what}: ${JSON.stringify(error)}`);
    assert.doesNotMatch(error.message, /unreachable|panicked/, what);
  }
  assert.match(errors["an unknown algorithm"].message, /sha1.*md5, sha256/);
  assert.match(errors["no digest"].message, /abc/);
  assert.match(errors["no path"].message, /path/);
  const { code, line, help } = errors["no line of a manifest"];
  assert.deepEqual([code, line], ["manifest-invalid", 4]);
  assert.ok(help);
}

test("the package has what it says, and nothing else", () => {
  const names = packed.files.map(({ path }) => path);
  const described = JSON.parse(readFileSync(join(project, "node_modules/docktag/package.json"), "utf8"));
  for (const name of ["package.json", "README.md", "docktag.js", "docktag.d.ts", "docktag_bg.wasm", "docktag_rest.wasm", "web.js", "web.d.ts"]) assert.ok(names.includes(name), name);
  assert.deepEqual(names.filter((name) => !/^(package\.json|[A-Z-]+(\.md)?|[\w./-]+\.(js|ts|wasm))$/.test(name)), []);
  assert.deepEqual([described.type, described.dependencies], ["module", undefined]);
  // Nothing is run on the machine of who installs it.
  for (const name of ["preinstall", "install", "postinstall", "prepare"]) assert.equal(described.scripts?.[name], undefined, name);
  assert.ok(packed.unpackedSize < 1_600_000, `${packed.unpackedSize} bytes`);
});

test("its wasm is small", () => {
  const [first, rest] = ["bg", "rest"].map((name) => readFileSync(join(project, `node_modules/docktag/docktag_${name}.wasm`)));
  const [firstPacked, restPacked] = [first, rest].map((bytes) => gzipSync(bytes, { level: 9 }).length);
  console.log(`wasm: ${first.length} bytes, ${firstPacked} gzipped; the rest ${rest.length}, ${restPacked}`);
  assert.ok(first.length <= 400_000 && firstPacked <= 200_000, `${first.length} bytes, ${firstPacked} gzipped`);
  assert.ok(restPacked <= 385_000, `${restPacked} bytes`);
});

for (const { program, version } of nodes) {
  test(`its API works in Node ${version}`, () => {
    writeFileSync(
      join(project, "main.mjs"),
      `import * as docktag from "docktag/node"; import facts from "./api.mjs"; console.log(JSON.stringify(facts(docktag)));`,
    );
    check(JSON.parse(ok(project, program, ["main.mjs"])));
  });

  test(`it can be given its wasm in Node ${version}`, () => {
    writeFileSync(
      join(project, "bytes.mjs"),
      `import { readFileSync } from "node:fs";
       import * as docktag from "docktag/web";
       import facts from "./api.mjs";
       const [module, rest] = ["bg", "rest"].map((name) => readFileSync("node_modules/docktag/docktag_" + name + ".wasm"));
       docktag.initSync({ module, rest });
       console.log(JSON.stringify(facts(docktag)));`,
    );
    check(JSON.parse(ok(project, program, ["bytes.mjs"])));
  });

  test(`without its second file it hashes, and says what a session lacks in Node ${version}`, () => {
    writeFileSync(
      join(project, "half.mjs"),
      `import { readFileSync } from "node:fs";
       import * as docktag from "docktag/web";
       import { hashed } from "./api.mjs";
       docktag.initSync({ module: readFileSync("node_modules/docktag/docktag_bg.wasm") });
       let said = "nothing";
       try { new docktag.Session({ command: "tag" }) } catch ({ message }) { said = message }
       console.log(JSON.stringify([hashed(docktag), said]));`,
    );
    const [facts, said] = JSON.parse(ok(project, program, ["half.mjs"]));
    checkHashed(facts);
    assert.match(said, /docktag_rest\.wasm is not loaded/);
  });

  test(`its program is the command line in Node ${version}`, () => {
    const folder = join(project, `tree-${version}`);
    mkdirSync(join(folder, "docker"), { recursive: true });
    for (const name of ["a", "b"]) writeFileSync(join(folder, "docker", name), name);
    const { bin } = JSON.parse(readFileSync(join(project, "node_modules/docktag/package.json"), "utf8"));
    const main = join(project, "node_modules/docktag", typeof bin === "string" ? bin : bin.docktag);
    const text = `${A}  docker/a\n${B}  docker/b\n`;
    assert.equal(ok(folder, program, [main, "manifest", "--path", "docker"]), text);
    assert.equal(ok(folder, program, [main, "tag", "--path", "docker"]), `${createHash("md5").update(text).digest("hex")}\n`);
    const wrong = run(folder, program, [main, "tag", "--path", "nowhere"]);
    assert.ok(wrong.code !== 0 && wrong.stdout === "" && wrong.stderr.includes("nowhere"), wrong.stderr);
  });
}

test("npm puts its program on the path of scripts", () => {
  const folder = join(project, "tree");
  mkdirSync(join(folder, "docker"), { recursive: true });
  writeFileSync(join(folder, "docker/a"), "a");
  assert.equal(ok(folder, join(project, "node_modules/.bin/docktag"), ["manifest", "--path", "docker"]), `${A}  docker/a\n`);
});

test("its API works in Chromium", async () => {
  check(await inBrowser(installed, "api.mjs"));
});
