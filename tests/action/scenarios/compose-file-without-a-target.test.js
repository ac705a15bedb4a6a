import { docker } from "../support/programs.js";
import { Project, exits, golden, test } from "../support/scenario.js";

test("a project whose image has another name is told what to write", async () => {
  const project = await Project.make();
  project.install("docker", docker('{"services":{"app":{"build":{"context":"."},"image":"example/app:latest"}}}'));
  const ran = await project.run();
  exits(ran, 2);
  golden(import.meta.url, ran);
});
