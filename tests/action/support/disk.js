// A vector's tree on disk. Names are bytes, which only a Buffer can hold.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";

import { bytesOf, pathBytes } from "./vectors.js";

/**
 * @param {string} folder
 * @param {import("./vectors.js").Entry[]} tree
 */
export function layOut(folder, tree) {
  for (const { path, content, executable, link, dir } of tree) {
    const file = Buffer.concat([Buffer.from(`${folder}/`), pathBytes(path)]);
    mkdirSync(dir ? file : file.subarray(0, file.lastIndexOf("/")), { recursive: true });
    if (content !== undefined) writeFileSync(file, bytesOf(content));
    if (link !== undefined) symlinkSync(link, file);
    if (executable) chmodSync(file, 0o755);
  }
}
