import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { Project, assert, exits, golden, test } from "../support/scenario.js";

/** A program that waits for another one, as `docker compose` waits for its plugins. */
const WITH_CHILD = `sh -c 'echo "started $PPID $$"; exec sleep 60'`;
const DEAF = `sh -c 'trap "" INT; echo "started $PPID $$"; exec sleep 60' & wait`;

/** Who has ended, or only waits to be noticed. @param {string} id */
function ended(id) {
  const file = `/proc/${id}/stat`;
  return !existsSync(file) || /\) [ZX]/.test(readFileSync(file, "latin1"));
}

for (const [signal, build] of /** @type {const} */ ([["SIGINT", WITH_CHILD], ["SIGTERM", WITH_CHILD], ["SIGINT", DEAF]])) {
  test(`${signal} during the build ends ${build === DEAF ? "what hears no interrupt" : "it"}, and takes the login away`, async () => {
    const project = (await Project.make()).docker([`*" build "*`, build]);
    const run = project.start({ username: "ci", password: "hunter2" });
    const [, ...ids] = await run.says(/^started (\d+) (\d+)$/m);
    const [scratch] = readdirSync(run.temp).filter((name) => name.startsWith("docktag-"));
    assert.match(readFileSync(join(run.temp, scratch, "docker/config.json"), "utf8"), /auth/);
    run.child.kill(signal);
    const ran = await run.ended;
    exits(ran, 130);
    assert.deepEqual(ids.filter((id) => !ended(id)), []);
    ran.stdout = ran.stdout.replace(/started \d+ \d+/, "started");
    golden("interrupted-build", ran);
  });
}
