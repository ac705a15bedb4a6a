// node in_node.mjs crypto|action FOLDER: md5 of every file in FOLDER twice in one process; prints the seconds of the second time, when
// everything is loaded and compiled, and a digest of all digests.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [, , who, folder] = process.argv;
const names = readdirSync(folder).sort();
const md5 = (bytes) => createHash("md5").update(bytes).digest();

async function hashers() {
  if (who === "crypto") return { all: async () => Buffer.concat(names.map((name) => md5(readFileSync(join(folder, name))))), close() {} };
  const { close, hash } = await import("../../action/hash.js");
  const need = { paths: [{ folder, names: names.join("/") }], algorithm: "md5", text: false };
  return { all: async () => (await hash(need, () => {})).digests, close };
}

const { all, close } = await hashers();
await all();
const start = performance.now();
const digests = await all();
const seconds = (performance.now() - start) / 1000;
console.log(seconds, md5(digests).toString("hex"));
await close();
