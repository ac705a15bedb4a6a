import { docker } from "../support/programs.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("a push that an immutable tag refuses is a hit where the image is there", async () => {
  const project = await Project.make();
  const [, push = ""] = docker().find(([pattern]) => pattern.includes("push")) ?? [];
  project.docker(['"push "*', `${push}; echo 'tag invalid: the image tag already exists and is immutable' >&2; exit 1`]);
  const ran = await project.run();
  exits(ran, 0);
  golden(import.meta.url, ran);
});
