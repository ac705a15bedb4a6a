import { Project, exits, golden, test } from "../support/scenario.js";

test("docker-compose is used where docker has no Compose", async () => {
  const project = await Project.make();
  project.docker(["compose*", `echo "docker: 'compose' is not a docker command." >&2; exit 1`]);
  project.install("docker-compose", [
    [`"version --short"`, "echo 1.29.2"],
    [`*" build app"`, "echo building"],
  ]);
  const ran = await project.run();
  exits(ran, 0);
  golden(import.meta.url, ran);
});
