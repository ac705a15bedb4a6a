import { Project, exits, golden, onlyAsked, test } from "../support/scenario.js";

test("a miss needs an engine, a hit does not", async () => {
  const project = await Project.make();
  project.docker([`"version "*`, "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1"]);
  const miss = await project.run();
  exits(miss, 1);
  onlyAsked(miss);
  golden(import.meta.url, miss);
  exits(await project.isThere().run(), 0);
});
