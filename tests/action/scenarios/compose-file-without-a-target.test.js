import { Project, exits, golden, test } from "../support/scenario.js";

test("a project whose image has another name is told what to write", async () => {
  const project = await Project.make();
  project.file("compose.yml", "services: {app: {build: ., image: 'example/app:latest'}}\n");
  const ran = await project.run();
  exits(ran, 2);
  golden(import.meta.url, ran);
});
