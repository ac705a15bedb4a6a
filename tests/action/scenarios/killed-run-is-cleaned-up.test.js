import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { Project, assert, exits, test } from "../support/scenario.js";

test("the next run ends and removes what a killed one left, and not what belongs to one that runs", async () => {
  const project = (await Project.make()).docker([`*" build "*`, `echo "started $$"; exec sleep 60`]);
  const inputs = { username: "ci", password: "hunter2" };
  const other = project.start(inputs);
  await other.says(/^started \d+$/m);
  const folders = () => readdirSync(other.temp).filter((name) => name.startsWith("docktag-run-"));
  const [ofOther] = folders();

  const killed = project.start(inputs);
  const [, child] = await killed.says(/^started (\d+)$/m);
  const gone = assert.rejects(killed.ended, /only manifests and Compose files/);
  killed.child.kill("SIGKILL");
  await new Promise((resolve) => killed.child.once("exit", resolve));
  const [left] = folders().filter((name) => name !== ofOther);
  assert.ok(existsSync(join(other.temp, left, "docker/config.json")), "there is something to be removed");

  const next = project.start(inputs);
  await next.says(/^started \d+$/m);
  assert.ok(!folders().includes(left) && folders().includes(ofOther) && folders().length === 2, folders().join());
  const stat = `/proc/${child}/stat`;
  assert.ok(!existsSync(stat) || /\) [ZX]/.test(readFileSync(stat, "latin1")), "what the killed run had started still runs");
  await gone;
  next.child.kill("SIGINT");
  await assert.rejects(next.ended, new RegExp(`only manifests and Compose files[^]*${ofOther}`));
  other.child.kill("SIGINT");
  exits(await other.ended, 130);
});
