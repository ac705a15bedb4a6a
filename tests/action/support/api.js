// The package's small API, each part used once, in Node and in browsers.

/** @typedef {typeof import("../../../pkg/docktag.js")} Docktag */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * What came out, as plain data that can leave a page or a process.
 *
 * @param {Docktag} docktag
 */
export default function facts(docktag) {
  const { Session } = docktag;
  const job = new Session({ command: "tag", path: ["docker"], algorithm: "md5" });
  return {
    ...hashed(docktag),
    ends: [
      new Session({ command: "tag", path: ["/etc"] }).step([]),
      // @ts-expect-error: what JavaScript lets happen
      new Session({ command: "tag", paht: ["docker"] }).step([]),
    ],
    needs: job.step([]),
  };
}

/** "äbc" in every form that is taken as bytes. */
function spellings() {
  const bytes = encoder.encode("äbc");
  const around = new Uint8Array([0, ...bytes, 0, 0, 0]);
  const words = new Uint16Array(2);
  new Uint8Array(words.buffer).set(bytes);
  return ["äbc", bytes, bytes.buffer, around.subarray(1, 5), new DataView(around.buffer, 1, 4), words, [...bytes]];
}

/** What no digest is made of. @returns {any[]} */
function refused() {
  return [undefined, null, 1, {}, [256], [-1], [1.5], ["a"], true, new Date(0)];
}

/**
 * The same without sessions.
 *
 * @param {Docktag} docktag
 */
export function hashed({ Hasher, manifest, tag, parseManifest, diffManifests, definitions }) {
  /** @param {string} text @param {"md5" | "sha256"} algorithm */
  const digest = (text, algorithm) => {
    const hasher = new Hasher(algorithm);
    hasher.update(encoder.encode(text));
    return hasher.finish();
  };
  /** @param {Record<string, string>} files name and content */
  const of = (files) => manifest(Object.entries(files).map(([path, text]) => ({ path, digest: digest(text, "md5") })), "md5");
  const before = of({ "docker/b": "b", "docker/a": "a", "docker/gone": "c" });
  const after = of({ "docker/b": "c", "docker/a": "a", "docker/new\nline": "c" });
  const other = manifest([{ path: [100, 255], digest: digest("a", "md5") }], "md5");
  return {
    abc: [digest("abc", "md5"), digest("abc", "sha256")],
    spellings: spellings().map((bytes) => {
      const hasher = new Hasher("md5");
      hasher.update(bytes);
      return [hasher.finish(), tag(bytes, "md5")];
    }),
    refused: refused().map((bytes) => [thrown(() => new Hasher("md5").update(bytes)), thrown(() => tag(bytes)), thrown(() => parseManifest(bytes)), thrown(() => diffManifests(before, bytes))]),
    text: [before, after].map((text) => decoder.decode(text)),
    bytes: Array.from(other),
    tags: [tag(before, "md5"), tag(before, "sha256")],
    parsed: [parseManifest(after, "md5"), parseManifest(other, "md5")].map(({ notes, files }) => ({ notes, files })),
    notes: parseManifest(encoder.encode("# docktag 1\n# platform linux/amd64\n"), "md5").notes,
    diff: diffManifests(before, after, "md5"),
    errors: {
      // @ts-expect-error: what JavaScript lets happen
      "an unknown algorithm": thrown(() => new Hasher("sha1")),
      "no digest": thrown(() => manifest([{ path: "docker/a", digest: "abc" }], "md5")),
      "a digest of the other algorithm": thrown(() => manifest([{ path: "docker/a", digest: digest("a", "sha256") }], "md5")),
      // @ts-expect-error: what JavaScript lets happen
      "no path": thrown(() => manifest([{ digest: digest("a", "md5") }], "md5")),
      "half a character": thrown(() => manifest([{ path: "docker/\ud800", digest: digest("a", "md5") }], "md5")),
      "no line of a manifest": thrown(() => parseManifest(encoder.encode(`${decoder.decode(before)}not a line\n`), "md5")),
    },
    defines: definitions().some(({ name }) => name === "path"),
  };
}

/** @param {() => unknown} act */
function thrown(act) {
  try {
    act();
  } catch (error) {
    const { code, place, line, help } = /** @type {Record<string, unknown>} */ (error);
    return { isError: error instanceof Error, message: error instanceof Error ? error.message : "", code, place, line, help };
  }
  return null;
}
