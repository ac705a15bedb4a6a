import assert from "node:assert/strict";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { Project, exits, test } from "../support/scenario.js";

test("a strict build sees copies of what counts, and nothing else", async () => {
  const project = await Project.make();
  project.file("compose.yml", "services: {app: {build: app, image: '${IMAGE}'}}\n").file("app/Dockerfile", "FROM scratch\nCOPY a sub /\n");
  project.file("app/a", "1").file("app/sub/run.sh", "2").file("app/other", "3").file(Buffer.from("app/sub/\xff", "latin1"), "4");
  chmodSync(join(project.folder, "app/sub/run.sh"), 0o700);
  symlinkSync("../a", join(project.folder, "app/sub/link"));
  const seen = `
for word; do case $word in */docktag.override.yml) file=$word ;; esac; done
cd "$(sed -n 's/.*"context":"\\([^"]*\\)".*/\\1/p' "$file")"
TZ=UTC find . -printf '%M %TY %y %p %l\\n' | LC_ALL=C sort -k 4 | cat -v`;
  project.docker([`"compose "*" build "*`, seen]);
  const ran = await project.run({ path: "", strict: "true", push: "false", image: "" }, { env: { IMAGE: project.image } });
  exits(ran, 0);
  const lines = ran.stdout.split("\n").filter((line) => / 2000 /.test(line)).map((line) => line.trim());
  assert.deepEqual(lines, [
    "drwxr-xr-x 2000 d .",
    "-rw-r--r-- 2000 f ./a",
    "drwxr-xr-x 2000 d ./sub",
    "lrwxrwxrwx 2000 l ./sub/link ../a",
    "-rwxr-xr-x 2000 f ./sub/run.sh",
    "-rw-r--r-- 2000 f ./sub/M-^?",
  ]);
});
