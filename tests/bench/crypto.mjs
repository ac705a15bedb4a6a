// node crypto.mjs FOLDER: md5 of every file by Node's own crypto, one after the other.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

for (const name of readdirSync(process.argv[2], { recursive: true, withFileTypes: true })) {
  if (name.isFile()) createHash("md5").update(readFileSync(join(name.parentPath, name.name))).digest("hex");
}
