// Programs on Windows are those of PATH, never those of the project.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { onWindows } from "../../action/programs.js";
import { nodes } from "./support/nodes.js";
import { run, temporary } from "./support/run.js";

const PROGRAMS = new URL("../../action/programs.js", import.meta.url).href;

/**
 * Looks a program up on a machine that has these files. A relative file is in the current folder, the project's.
 *
 * @param {string} program
 * @param {string} path
 * @param {string[]} files
 */
function find(program, path, files) {
  return onWindows(program, path, (file) => files.includes(file));
}

test("a program of the project is not run", () => {
  const project = ["docker.exe", "docker.com", "docker", ".\\docker.exe", "tools\\docker.exe", "\\docker.exe", "\\tools\\docker.exe", "C:docker.exe", "C:tools\\docker.exe"];
  const relative = ["", ";", ".", ".\\", "tools", "..", "\\", "/", "\\tools", "C:", "C:tools", '""', '"."', '"tools"', "'.'", " C:\\bin", "%CD%", '";"', "::\\x", "1:\\x"];
  for (const entry of relative) {
    assert.equal(find("docker", entry, project), undefined, entry);
    assert.equal(find("docker", `${entry};C:\\bin`, [...project, "C:\\bin\\docker.exe"]), "C:\\bin\\docker.exe", entry);
  }
  for (const name of ["git", "docker-compose", "docker-credential-wincred", "git.exe"]) assert.equal(find(name, ".;tools", [`${name}.exe`, `tools\\${name}.exe`, name]), undefined);
});

test("every file that is looked at has an absolute path", () => {
  /** @type {string[]} */
  const seen = [];
  onWindows("docker", '.;C:\\a;\\b;D:c;\\\\server\\share;"E:/d;e";//server/f;;x', (file) => {
    seen.push(file);
    return false;
  });
  const folders = ["C:\\a", "\\\\server\\share", "E:/d;e", "//server/f"];
  assert.deepEqual(seen, folders.flatMap((folder) => [`${folder}\\docker.com`, `${folder}\\docker.exe`]));
});

test("the first folder of PATH that has the program is used", () => {
  const files = ["C:\\one\\git.exe", "C:\\two\\docker.exe", "C:\\three\\docker.com", "C:\\three\\docker.exe", "C:\\docker.exe", "\\\\server\\share\\docker.exe"];
  assert.equal(find("docker", "C:\\one;C:\\two;C:\\three", files), "C:\\two\\docker.exe");
  assert.equal(find("docker", "C:\\three;C:\\two", files), "C:\\three\\docker.com");
  assert.equal(find("docker", "C:\\;C:\\two", files), "C:\\docker.exe");
  assert.equal(find("docker", '"C:\\two\\"', files), "C:\\two\\docker.exe");
  assert.equal(find("docker", "\\\\server\\share", files), "\\\\server\\share\\docker.exe");
});

test("an extension is added, unless the name has one that Windows starts", () => {
  assert.equal(find("docker.exe", "C:\\a", ["C:\\a\\docker.exe.exe", "C:\\a\\docker.exe"]), "C:\\a\\docker.exe");
  assert.equal(find("GIT.EXE", "C:\\a", ["C:\\a\\GIT.EXE"]), "C:\\a\\GIT.EXE");
  assert.equal(find("compose.v2", "C:\\a", ["C:\\a\\compose.v2", "C:\\a\\compose.v2.exe"]), "C:\\a\\compose.v2.exe");
  // Node refuses these without a shell.
  for (const name of ["docker.cmd", "docker.bat", "docker"]) assert.equal(find(name, "C:\\a", ["C:\\a\\docker", "C:\\a\\docker.cmd", "C:\\a\\docker.bat"]), undefined);
});

test("a path is used as it is", () => {
  for (const program of ["C:\\tools\\docker.exe", ".\\docker.exe", "tools/docker", "\\\\server\\share\\docker.exe", "C:docker"]) assert.equal(find(program, "C:\\a", []), program);
});

test("a program that only the project has is not found", { skip: process.platform === "win32" }, () => {
  const project = temporary();
  writeFileSync(join(project, "docker"), "#!/bin/sh\necho the project's\n");
  chmodSync(join(project, "docker"), 0o755);
  // An empty entry of PATH is the current folder on this system, as every PATH is on Windows.
  const script = `
    Object.defineProperty(process, "platform", { value: "win32" });
    const { run } = await import(${JSON.stringify(PROGRAMS)});
    const command = { argv: ["docker"], env: {}, envRemove: [], stdin: null, capture: true };
    const { code, stdout } = await run(command, 2).catch((error) => error);
    console.log(code, stdout);`;
  for (const { program, version } of nodes) {
    const { stdout, stderr } = run(project, program, ["--input-type=module", "-e", script], { PATH: "" });
    assert.equal(stdout, "ENOENT undefined\n", `${version}: ${stderr}`);
  }
});
