// The vectors in memory, for Node and for browsers: nothing here reads a file.

/**
 * @typedef {string | number[]} Path a string, or byte values where it is not UTF-8
 * @typedef {string | { base64: string } | { repeat: [number, number] }} Content
 * @typedef {{ path: Path, content?: Content, executable?: boolean, link?: string, dir?: boolean }} Entry
 * @typedef {{ path: string[], algorithm: "md5" | "sha256" }} Options
 * @typedef {{ name: string, options: Options, tree: Entry[], manifest: string | { base64: string }, tag: string }} Vector
 * @typedef {{ name: string, manifest: string, tag: string, again: string, parsed: string[], given: string[] }} Result
 * @typedef {Pick<typeof import("../../../pkg/docktag.js"), "Hasher" | "manifest" | "tag" | "parseManifest">} Docktag
 */

const encoder = new TextEncoder();
// A byte order mark is part of a name.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {Content} content */
export function bytesOf(content) {
  if (typeof content === "string") return encoder.encode(content);
  if ("base64" in content) return Uint8Array.from(atob(content.base64), (c) => c.charCodeAt(0));
  const [byte, count] = content.repeat;
  return new Uint8Array(count).fill(byte);
}

/** @param {Path} path */
export function pathBytes(path) {
  return typeof path === "string" ? encoder.encode(path) : Uint8Array.from(path);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Path}
 */
function pathOf(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return Array.from(bytes);
  }
}

/**
 * The files that `find FOLDER... -type f` prints, spelled as it spells them.
 *
 * @param {Vector} vector
 */
function found({ options, tree }) {
  return options.path.flatMap((folder) => {
    const parts = folder.split("/").filter((part) => part !== "" && part !== ".");
    const inside = encoder.encode(parts.map((part) => `${part}/`).join(""));
    const spelled = encoder.encode(folder.endsWith("/") ? folder : `${folder}/`);
    return tree.flatMap(({ path, content }) => {
      const bytes = pathBytes(path);
      if (content === undefined || !inside.every((byte, index) => bytes[index] === byte)) return [];
      return [{ path: pathOf(Uint8Array.of(...spelled, ...bytes.subarray(inside.length))), content: bytesOf(content) }];
    });
  });
}

/**
 * What the package makes of every vector, as plain data that can leave a page or a process.
 *
 * @param {Docktag} docktag
 * @param {Vector[]} vectors
 * @returns {Result[]}
 */
export function results(docktag, vectors) {
  return vectors.map((vector) => {
    const { algorithm } = vector.options;
    const hasher = new docktag.Hasher(algorithm);
    const given = found(vector).map(({ path, content }) => {
      hasher.update(content);
      const digest = hasher.finish();
      // In pieces that no block divides: the same hasher starts anew each time.
      for (let at = 0; at < content.length; at += 1009) hasher.update(content.subarray(at, at + 1009));
      const pieces = hasher.finish();
      if (pieces !== digest) throw new Error(`${vector.name}: ${path}: ${pieces} in pieces, ${digest} at once`);
      return { path, digest };
    });
    const text = docktag.manifest(given, algorithm);
    const { notes, files } = docktag.parseManifest(text, algorithm);
    if (notes.length > 0) throw new Error(`${vector.name}: a plain folder's manifest has the notes ${notes}`);
    return {
      name: vector.name,
      manifest: base64(text),
      tag: docktag.tag(text, algorithm),
      again: base64(docktag.manifest(files, algorithm)),
      parsed: listed(files),
      given: listed(given),
    };
  });
}

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** @param {{ path: Path, digest: string }[]} files */
const listed = (files) => files.map(({ path, digest }) => JSON.stringify([path, digest])).sort();
