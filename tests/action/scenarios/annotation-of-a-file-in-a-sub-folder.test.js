import { Project, exits, golden, test } from "../support/scenario.js";

test("in a monorepo an annotation's file is relative to the checkout", async () => {
  const project = (await Project.make({ folder: "apps/web" })).file("docker-ci.md5", "d41d8cd98f00b204e9800998ecf8427e  docker/a\noops\n");
  const ran = await project.run({ command: "tag", "working-directory": "apps/web", reuse: "docker-ci.md5" });
  exits(ran, 2);
  golden(import.meta.url, ran);
});
