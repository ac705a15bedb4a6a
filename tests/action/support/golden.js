// Golden files: what a runner and its user see of a run. `UPDATE=1 node --test` writes them anew.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../golden/", import.meta.url);

/**
 * Compares runs with the golden file of a scenario; what differs from run to run is named in its place.
 *
 * @param {string} scenario the scenario's `import.meta.url`, or a name
 * @param {...import("./runner.js").Ran} runs
 */
export function golden(scenario, ...runs) {
  const name = scenario.startsWith("file:") ? basename(fileURLToPath(scenario), ".test.js") : scenario;
  const file = new URL(`${name}.txt`, FOLDER);
  const text = runs.map(render).join("\n\n");
  if (process.env.UPDATE) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
  } else {
    assert.ok(existsSync(file), `tests/action/golden/${name}.txt is missing; UPDATE=1 writes it`);
    assert.equal(text, readFileSync(file, "utf8"), `tests/action/golden/${name}.txt; UPDATE=1 writes it anew`);
  }
}

/** @param {import("./runner.js").Ran} ran */
function render(ran) {
  const { project, code, stdout, stderr, files } = ran;
  const parts = [
    ["exit code", `${code}\n`],
    ["log", stdout],
    ["standard error", stderr],
    ...Object.entries(files),
    ["requests", requests(ran.requests)],
    ["programs", programs(ran.calls)],
  ];
  const text = parts.filter(([, text]) => text !== "").map(([name, text]) => `=== ${name}\n${text}${text.endsWith("\n") ? "" : "\n(no end of line)\n"}`).join("");
  return normal(text, project);
}

/**
 * Two that are sent at once arrive in any order, so they stand by what they ask for.
 *
 * @param {import("./registry.js").Seen[]} seen
 */
function requests(seen) {
  const order = (/** @type {string} */ a, /** @type {string} */ b) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...seen].sort((a, b) => order(a.path, b.path));
  return sorted.map(({ method, path, login, status }) => `${method} ${path}${login && ` (${login})`} ${status || "no answer"}\n`).join("");
}

/**
 * Each program with what it was given; the variables where they differ from those of the program before.
 *
 * @param {import("./programs.js").Call[]} calls
 */
function programs(calls) {
  let before = "";
  const lines = calls.map(({ argv, env, added, config, modes }) => {
    const names = Object.keys(env).filter((name) => /^(DOCKER|COMPOSE|BUILD)/.test(name)).sort();
    const variables = names.map((name) => `    ${name}=${env[name]}\n`).join("");
    const news = variables === before ? "" : variables;
    before = variables;
    const file = added === undefined || !argv.includes("build") ? "" : `    docktag.override.yml: ${added}\n`;
    const logins = config ? `    logins: ${Object.keys(config.auths ?? {}).join(", ")} (file ${modes[0]}, folder ${modes[1]})\n` : "";
    return `$ ${argv.join(" ")}\n${news}${file}${news && logins}`;
  });
  return lines.join("");
}

/**
 * @param {string} text
 * @param {import("./project.js").Project} project
 */
function normal(text, project) {
  const version = JSON.parse(readFileSync(new URL("../../../pkg/package.json", import.meta.url), "utf8")).version;
  return text
    .replaceAll(project.registry.address, "127.0.0.1:<PORT>")
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:<OTHER PORT>")
    .replaceAll(project.root, "<TEMP>")
    .replace(/docktag-run-[A-Za-z0-9]{6}(?=[/:\s"'])/g, "docktag-<RUN>")
    .replace(/docktag-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "docktag-<TOKEN>")
    // Its name is that of its content, in which the registry has a port.
    .replace(/docktag-[0-9a-f]{32}\.compose\.yml/g, "docktag-<CONTENT>.compose.yml")
    .replaceAll(`docktag/${version}`, "docktag/<VERSION>")
    // What is kept beside an image says when it was built, so its digest is another one each time.
    .replace(/(?<=\/manifests\/)sha256:[0-9a-f]{64}/g, "<ARTIFACT>")
    .replace(/after \d+ ms/g, "after <MILLISECONDS> ms")
    .replace(/"milliseconds":\d+/g, '"milliseconds":<MILLISECONDS>')
    .replace(/\| \d+\.\d \|/g, "| <SECONDS> |")
    .replace(/\bend-[0-9a-f]{64}\b/g, "end-<DIGEST>");
}
