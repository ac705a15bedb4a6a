import { Project, assert, exits, golden, test } from "../support/scenario.js";

test("nothing is pushed where an input changed, appeared or went during the build", async () => {
  const runs = [];
  for (const change of ["echo x >> Dockerfile", "touch new", "rm gone"]) {
    const project = (await Project.make()).file("docker/gone", "");
    project.docker([`*" build "*`, `cd "$root/checkout/docker" && ${change}`]);
    const ran = await project.run();
    exits(ran, 1);
    assert.ok(ran.calls.every(({ argv }) => !argv.includes("push")));
    runs.push(ran);
  }
  golden(import.meta.url, ...runs);
});
