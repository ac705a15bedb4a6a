import { execFileSync } from "node:child_process";

import { Project, exits, golden, test } from "../support/scenario.js";

test("a file that cannot be read is an error, never left out", async () => {
  const project = await Project.make();
  const shell = (/** @type {string} */ line) => execFileSync("sh", ["-c", line], { cwd: project.folder });
  // Longer than the 4096 bytes that a path may have.
  shell(`cd docker; name=${"d".repeat(250)}; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do mkdir $name; cd -P $name; done; touch file`);
  const ran = await project.run({ command: "tag" }).finally(() => shell("rm -rf docker"));
  exits(ran, 1);
  ran.stdout = ran.stdout.replaceAll(/d{250}/g, "ddd");
  ran.files.GITHUB_STEP_SUMMARY = ran.files.GITHUB_STEP_SUMMARY.replaceAll(/d{250}/g, "ddd");
  golden(import.meta.url, ran);
});
