// The types of the npm package: right code compiles, wrong code does not.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { install } from "./support/installed.js";
import { run } from "./support/run.js";

const MODULES = fileURLToPath(new URL("node_modules", import.meta.url));
const { project } = install();

/**
 * Compiles a program of a user of the package; gives back the lines with errors and what was said.
 *
 * @param {string} text
 * @param {Record<string, unknown>} options
 */
function compile(text, options) {
  const always = { noEmit: true, strict: true, module: "nodenext", target: "es2022", types: [] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...always, ...options }, files: ["user.mts"] }));
  writeFileSync(join(project, "user.mts"), text);
  const { code, stdout, stderr } = run(project, process.execPath, [join(MODULES, "typescript/bin/tsc"), "--pretty", "false", "-p", "."]);
  const lines = [...stdout.matchAll(/^user\.mts\((\d+),\d+\): error /gm)].map(([, line]) => Number(line));
  assert.equal(code === 0, stdout === "", `${code}: ${stdout}${stderr}`);
  return { lines: [...new Set(lines)], said: stdout };
}

const USER = `
const text: Uint8Array = docktag.manifest([{ path: "docker/a", digest: new docktag.Hasher("md5").finish() }, { path: [255], digest: "" }], "md5");
const tag: string = docktag.tag(text, "sha256");
const { notes, files } = docktag.parseManifest(text, "md5");
const names: (string | number[])[] = [...notes, ...files.map((file) => file.path), ...docktag.diffManifests(text, text, "md5").added];
const session = new docktag.Session({ command: "build", path: ["docker"], image: "ghcr.io/acme/app", algorithm: "sha256" });
const step = session.step([]);
if (step.needs) {
  for (const [id, need] of step.needs) {
    if (need.need === "hash") {
      const { length } = docktag.paths(need.paths);
      session.step([[id, { hashed: { digests: new Uint8Array(32 * length), sizes: new Float64Array(length), executable: new Uint8Array(length) } }]]);
    }
    if (need.need === "write") console.log(session.bytes(id)?.length);
    if (need.need === "run") console.log(need.argv.join(" "), need.because);
    if (need.need === "http") console.log(need.request.url, need.request.authorization?.length);
  }
} else if (step.error) {
  console.log(step.error.code, step.exit, step.error.line?.toFixed());
} else {
  console.log(step.report.tag, step.report.targets?.map((target) => target.outcome), tag, names);
}
`;

test("right code compiles in a browser's project", () => {
  assert.equal(compile(`import * as docktag from "docktag";\nawait docktag.default();${USER}`, { lib: ["es2022", "dom"] }).said, "");
});

test("right code compiles in a project of Node, which knows no DOM", () => {
  const { said } = compile(`import * as docktag from "docktag/node";${USER}`, { lib: ["es2022"], types: ["node"], typeRoots: [join(MODULES, "@types")] });
  assert.equal(said, "");
});

test("wrong code does not", () => {
  const wrong = [
    `new docktag.Hasher("sha1");`,
    `new docktag.Hasher("md5").update(5);`,
    `const digest: number = new docktag.Hasher("md5").finish();`,
    `docktag.manifest([{ path: "docker/a" }], "md5");`,
    `docktag.manifest([{ path: 5, digest: "" }], "md5");`,
    `docktag.manifest("docker", "md5");`,
    `docktag.tag({ text: "text" }, "md5");`,
    `docktag.tag(new Uint8Array(), "crc");`,
    `docktag.parseManifest(new Uint8Array(), "md5").lines;`,
    `docktag.diffManifests(new Uint8Array());`,
    `new docktag.Session({ command: "biuld" });`,
    `new docktag.Session({ command: "tag", paht: ["docker"] });`,
    `new docktag.Session({ command: "build", push: "maybe" });`,
    `new docktag.Session({ command: "tag" }).step([[0, { listed: [] }]]);`,
    `new docktag.Session({ command: "tag" }).step([]).needs.length;`,
    `docktag.manifets;`,
  ];
  const { lines, said } = compile(`import * as docktag from "docktag";\n${wrong.join("\n")}\n`, { lib: ["es2022", "dom"] });
  assert.deepEqual(lines, wrong.map((_, index) => index + 2), said);
});
