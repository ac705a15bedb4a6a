// The command line in Node: the native program's options, results and exit codes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { CLI, docktag, fails, prints, start } from "./support/command-line.js";
import { Project } from "./support/project.js";
import { basic, silence } from "./support/registry.js";

const VERSION = JSON.parse(readFileSync(new URL("../../pkg/package.json", import.meta.url), "utf8")).version;
const PATH = ["--path", "docker"];

test("the version is that of the package", async () => {
  const project = await Project.make();
  for (const option of ["--version", "-V"]) prints(await docktag(project, [option]), `docktag ${VERSION}\n`);
});

test("help is a result, for all commands and for one", async () => {
  const project = await Project.make();
  for (const args of [["--help"], ["-h"]]) {
    const { code, stdout, stderr } = await docktag(project, args);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /tag\|manifest\|inputs\|explain\|why\|model\|backtest\|env\|plan\|build\|join\|pull\|prune/);
  }
  const build = await docktag(project, ["build", "--help"]);
  for (const text of [/--push auto\|true\|false/, /-f, --file FILE/, /--moving-tag TAG\n.*\[default: ci\]/, /DOCKTAG_MOVING_TAG/]) assert.match(build.stdout, text);
  const tag = await docktag(project, ["tag", "-h"]);
  assert.doesNotMatch(tag.stdout, /--push|--password|\bsecret\b/i);
});

test("what cannot be understood is a mistake of usage, with where help is", async () => {
  const project = (await Project.make()).file("compose.yml", "services: {}\n");
  for (const [args, text] of /** @type {const} */ ([
    [[], /none of tag, manifest, inputs, explain, why, model, backtest, env, plan, build, join, pull, prune/],
    [["biuld"], /`biuld`/],
    [["tag", "--paht", "docker"], /--paht/],
    [["tag", "docker"], /docker/],
    [["tag", "--push", "true", ...PATH], /--push/],
    [["tag", "--path"], /--path/],
    [["tag", "--json=yes", ...PATH], /--json/],
    [["build", "--password", "hunter2", ...PATH], /--password/],
    [["tag", "--algorithm", "sha1", ...PATH], /`--algorithm`: `sha1` is none of auto, md5, sha256/],
    [["tag", "--image", "a", "--image", "b", ...PATH], /`--image` was given 2 times/],
    [["tag", "-C", ".", "-C", ".", ...PATH], /`--directory` was given 2 times/],
    [["tag"], /no service has `build:`.*\n.*`--path`/],
    [["tag", "-C", "nowhere", ...PATH], /nowhere: .*no such file or directory/],
    [["build", "--username", "ci", "--image", "example/app", ...PATH], /`--password-stdin`.*DOCKER_PASSWORD/],
    [["build", "--password-stdin", "--image", "example/app", ...PATH], /`--username`/],
    [["tag", "--ci", ...PATH], /GITHUB_ENV.*BASH_ENV/],
  ])) {
    const done = await docktag(project, [...args]);
    fails(done, 2, text, /docktag: error: .*\ndocktag: help: /);
    assert.ok(!done.stderr.includes("hunter2"), done.stderr);
  }
});

test("a file with variables is given in a variable, since Node obeys such a file itself", async () => {
  const project = (await Project.make()).file("ci.env", "A=1\n");
  for (const args of [["--env-file", "ci.env"], ["--env-file=ci.env"]]) {
    fails(await docktag(project, ["tag", ...args, ...PATH]), 2, /`--env-file` is an option of Node too.*set DOCKTAG_ENV_FILE instead/);
  }
  const help = await docktag(project, ["tag", "--help"]);
  assert.match(help.stdout, /in DOCKTAG_ENV_FILE only/);
  assert.doesNotMatch(help.stdout, /--env-file FILE/);
});

test("a tag, with its image, is all that is printed", async () => {
  const project = await Project.make();
  prints(await docktag(project, ["tag", ...PATH]), `${project.tag}\n`);
  prints(await docktag(project, ["tag", ...PATH, "--image", "example/app"]), `example/app:${project.tag}\n`);
  const verbose = await docktag(project, ["tag", "-v", ...PATH]);
  prints(verbose, `${project.tag}\n`);
  assert.match(verbose.stderr, /plain folder/);
});

test("options can come before and after their values' equals sign, in any order, and from another folder", async () => {
  const project = await Project.make({ folder: "apps/web" });
  project.file("shared/a", "");
  const expected = (await docktag(project, ["tag", "--path", "docker", "--path", "shared"])).stdout;
  prints(await docktag(project, ["tag", "--path=shared", "--path=docker"]), expected);
  prints(await docktag(project, ["tag", "-C", ".", "--path", "docker", "--path", "shared"]), expected);
  prints(await docktag(project, ["tag", "-C", "../web", "--path", "docker", "--path", "shared"]), expected);
});

test("every option is a variable too, and the command line wins", async () => {
  const project = await Project.make();
  project.file("shared/a", "");
  const env = { DOCKTAG_PATH: "shared\ndocker\n", DOCKTAG_IMAGE: "example/app", DOCKTAG_ALGORITHM: "", DOCKTAG_JSON: "false" };
  const both = await docktag(project, ["tag"], { env });
  assert.match(both.stdout, /^example\/app:[0-9a-f]{32}\n$/);
  prints(await docktag(project, ["tag", ...PATH], { env }), `example/app:${project.tag}\n`);
  const json = await docktag(project, ["tag", ...PATH], { env: { DOCKTAG_JSON: "1" } });
  assert.equal(JSON.parse(json.stdout).tag, project.tag);
  fails(await docktag(project, ["tag", ...PATH], { env: { DOCKTAG_ALGORITHM: "crc" } }), 2, /algorithm/);
  fails(await docktag(project, ["tag", ...PATH], { env: { DOCKTAG_VERBOSE: "maybe" } }), 2, /DOCKTAG_VERBOSE: `maybe` is neither true nor false/);
  prints(await docktag(project, ["tag", ...PATH], { env: { DOCKTAG_VERBOSE: "OFF" } }), `${project.tag}\n`);
});

test("an empty moving tag means none, by option and by variable", async () => {
  const project = await Project.make();
  const args = ["env", ...PATH, "--image", "example/app"];
  const none = `export DOCKER_IMAGE=example/app:${project.tag}\nexport DOCKER_IMAGE_MD5=${project.tag}\nexport DOCKER_IMAGE_CI=''\n`;
  prints(await docktag(project, [...args, "--moving-tag="]), none);
  prints(await docktag(project, args, { env: { DOCKTAG_MOVING_TAG: "" } }), none);
  prints(await docktag(project, args), none.replace("''", "example/app:ci"));
});

test("the manifest is printed as md5sum writes it", async () => {
  const project = await Project.make();
  prints(await docktag(project, ["manifest", ...PATH]), "d367f1c05aee2ac7a960b71e390a2fbe  docker/Dockerfile\n");
});

test("a result as JSON is one line, a failure too", async () => {
  const project = (await Project.make()).isThere();
  const hit = await docktag(project, ["build", ...PATH, "--image", project.image, "--json"]);
  assert.equal(hit.code, 0, hit.stderr);
  assert.equal(hit.stdout.match(/\n/g)?.length, 1);
  const { tag, hit: isHit, targets, notes } = JSON.parse(hit.stdout);
  assert.deepEqual([tag, isHit, targets[0].outcome], [project.tag, true, "hit"]);
  assert.ok(notes.length > 0);
  const failed = await docktag(project, ["tag", "--path", "nowhere", "--json"]);
  assert.equal(failed.code, 2);
  assert.deepEqual([JSON.parse(failed.stdout).error.code, JSON.parse(failed.stdout).exit], ["path-missing", 2]);
});

test("a mistake in the options is JSON too where that was asked for", async () => {
  const project = await Project.make();
  const failed = await docktag(project, ["tag", ...PATH, "--algorithm", "sha1", "--json"]);
  assert.equal(JSON.parse(failed.stdout).error.code, "usage");
});

test("build prints the images, and the output of programs is no result", async () => {
  const project = await Project.make();
  const done = await docktag(project, ["build", ...PATH, "--image", project.image]);
  prints(done, `${project.image}:${project.tag}\n`);
  assert.match(done.stderr, /#1 building\n#2 naming the image\n/);
  assert.doesNotMatch(done.stderr, /^::/m);
});

test("a dry run prints what would be done", async () => {
  const project = await Project.make();
  const done = await docktag(project, ["build", ...PATH, "--image", project.image, "--dry-run", "--no-push"]);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /^would build what is missing: docker compose .* build app\n$/);
});

test("a folder for files of our own is made where something is to be done", async () => {
  const project = (await Project.make()).isThere();
  const args = [...PATH, "--image", project.image];
  const env = { TMPDIR: join(project.root, "nowhere") };
  prints(await docktag(project, ["tag", ...args], { env }), `${project.image}:${project.tag}\n`);
  prints(await docktag(project, ["build", ...args], { env }), `${project.image}:${project.tag}\n`);
  const failed = await docktag(project, ["build", ...args, "--force"], { env });
  fails(failed, 2, /nowhere: .*no such file or directory/, /help: .*TMPDIR/);
  assert.deepEqual(failed.calls, []);
});

test("exit codes tell a miss from a failure", async () => {
  const project = await Project.make();
  fails(await docktag(project, ["pull", ...PATH, "--image", project.image]), 3, /not in the registry/);
  project.docker([`*" build "*`, "exit 9"]);
  fails(await docktag(project, ["build", ...PATH, "--image", project.image]), 1, /exit code 9/);
});

test("--ci appends export lines to the file of BASH_ENV, and prints no variables", async () => {
  const project = await Project.make();
  const file = join(project.root, "bash_env");
  writeFileSync(file, "export OWN=1");
  prints(await docktag(project, ["env", ...PATH, "--image", "example/app", "--ci"], { env: { BASH_ENV: file } }), "");
  const lines = [`export DOCKER_IMAGE=example/app:${project.tag}`, `export DOCKER_IMAGE_MD5=${project.tag}`, "export DOCKER_IMAGE_CI=example/app:ci"];
  assert.equal(readFileSync(file, "utf8"), `export OWN=1\n${lines.join("\n")}\n`);
});

test("--push auto does not push a pull request from a fork on CircleCI", async () => {
  const project = await Project.make();
  const env = { CIRCLE_PR_USERNAME: "you", BASH_ENV: join(project.root, "bash_env") };
  const done = await docktag(project, ["build", ...PATH, "--image", project.image, "--ci"], { env });
  assert.equal(done.code, 0, done.stderr);
  assert.ok(done.calls.every(({ argv }) => !argv.includes("push")));
  assert.match(done.stderr, /a pull request from a fork/);
  assert.ok(existsSync(env.BASH_ENV));
});

test("the password comes from standard input or from DOCKER_PASSWORD, and is shown to nobody", async () => {
  const password = "pa$$ w'ord\"é";
  const encoded = Buffer.from(`ci:${password}`).toString("base64");
  for (const [args, surroundings] of /** @type {const} */ ([
    [["--password-stdin"], { stdin: `${password}\n` }],
    [[], { env: { DOCKER_PASSWORD: password } }],
    [["--password-stdin"], { stdin: password, env: { DOCKER_PASSWORD: "another" } }],
  ])) {
    const project = await Project.make({ behaviour: basic("ci", password) });
    const done = await docktag(project, ["build", ...PATH, "--image", project.image, "--username", "ci", "-v", ...args], surroundings);
    prints(done, `${project.image}:${project.tag}\n`);
    const build = done.calls.find(({ argv }) => argv.includes("build"));
    assert.equal(build?.config.auths[project.registry.address].auth, encoded);
    assert.deepEqual(build?.modes, ["600", "700"]);
    const shown = [done.stderr, ...done.calls.map(({ argv, env }) => JSON.stringify([argv, Object.values(env)]))];
    for (const text of shown) assert.ok(!text.includes(password) && !text.includes(encoded), text);
  }
});

test("an empty standard input is no password", async () => {
  const project = await Project.make();
  fails(await docktag(project, ["build", ...PATH, "--image", project.image, "--username", "ci", "--password-stdin"]), 2, /standard input: is empty/);
});

test("colours are for terminals, and for who wants them", async () => {
  const project = await Project.make();
  const said = async (/** @type {string[]} */ ...args) => (await docktag(project, ["tag", "--path", "nowhere", ...args])).stderr;
  assert.doesNotMatch(await said(), /\x1b/);
  assert.match(await said("--color", "always"), /\x1b\[1;31merror:\x1b\[0m/);
  assert.doesNotMatch(await said("--color", "never"), /\x1b/);
});

test("under GitHub Actions there are groups and annotations", async () => {
  const project = (await Project.make()).docker([`*" build "*`, "exit 9"]);
  const { stderr } = await docktag(project, ["build", ...PATH, "--image", project.image], { env: { GITHUB_ACTIONS: "true" } });
  assert.match(stderr, /::group::build what is missing\n[^]*::endgroup::\n[^]*::error title=docktag::/);
});

test("an interrupt ends it with exit code 130 and leaves nothing behind", async () => {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    /** @type {() => void} */
    let asked = () => {};
    const question = new Promise((resolve) => (asked = () => resolve(undefined)));
    const project = await Project.make({
      behaviour: () => {
        asked();
        return silence;
      },
    });
    const { child, ended } = start(project, ["build", ...PATH, "--image", project.image]);
    await question;
    child.kill(signal);
    fails(await ended, 130, /interrupted/);
  }
});

test("a reader that has seen enough is no failure", async () => {
  const project = await Project.make();
  const { child, ended } = start(project, ["manifest", ...PATH]);
  child.stdout.destroy();
  assert.equal((await ended).code, 0);
});

test("names are escaped for the log of a GitHub job, and are bytes for programs", { skip: process.platform !== "linux" }, async () => {
  const project = (await Project.make()).file("docker/##[add-mask]a", "");
  /** @param {string} script */
  const step = (script) => {
    // The runner is a shell without the variable, and reads a pipe.
    const runner = 'GITHUB_ACTIONS=true bash -e -c "$1" "$0" "$2" | cat';
    const args = ["-c", runner, process.execPath, `${script.replaceAll("JOB", '"$0" "$1" manifest --path docker')}\n:`, CLI];
    return execFileSync("/bin/sh", args, { cwd: project.folder, env: { PATH: "/usr/bin:/bin", HOME: project.root }, encoding: "utf8" });
  };
  for (const script of ["JOB", "timeout 10 JOB"]) assert.match(step(script), / {2}docker\/##\\\[add-mask\]a\n/);
  const tag = (await docktag(project, ["tag", ...PATH])).stdout.trim();
  for (const script of ["JOB | md5sum", "{ JOB; } | md5sum", "timeout 10 JOB | md5sum", `sh -c 'f() { JOB; }; f "$1" | md5sum' "$0" "$1"`]) {
    assert.equal(step(script), `${tag}  -\n`, script);
  }
});
