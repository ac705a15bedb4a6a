import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { docktag } from "../support/command-line.js";
import { Project, assert, exits, test } from "../support/scenario.js";

const PROGRAM = fileURLToPath(new URL("../../../target/debug/docktag", import.meta.url));

test("the last commits are read from git's objects as the native program reads them", async () => {
  const project = (await Project.make()).file("compose.yml", "services: {app: {build: docker, image: example/app}}\n");
  const { PATH = "" } = process.env;
  const env = { PATH, HOME: project.root, GIT_CONFIG_GLOBAL: "/dev/null" };
  const git = (/** @type {string[]} */ ...args) => execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { cwd: project.folder, env });
  git("init", "-q", "-b", "main");
  // One object that is larger than any buffer, and one that is empty.
  project.file("docker/large", "x".repeat(300_000)).file("docker/empty", "").file("docker/Dockerfile", "FROM scratch\nCOPY large empty a /\n");
  for (const text of ["1", "2", "2", "1", "3"]) {
    project.file("docker/a", text).file("unread", `${Math.random()}`);
    git("add", "-A");
    git("commit", "-qm", "next");
  }
  const path = { PATH };
  const { code, stdout } = await docktag(project, ["backtest", "--json"], { env: path });
  assert.equal(code, 0);
  const native = execFileSync(PROGRAM, ["backtest", "--json"], { cwd: project.folder, encoding: "utf8", env: { ...env, TMPDIR: project.root } });
  assert.deepEqual(JSON.parse(stdout), JSON.parse(native));
  assert.deepEqual(JSON.parse(stdout).images[0].because, [{ input: "docker/a", builds: 2 }]);

  const ran = await project.run({ command: "backtest", path: "", image: "", commits: "2" }, { env: path });
  exits(ran, 0);
  assert.match(ran.files.GITHUB_STEP_SUMMARY, /\| app \| 2 \| 2 \| 2 \| docker\/a \(2\) \|/);
});
