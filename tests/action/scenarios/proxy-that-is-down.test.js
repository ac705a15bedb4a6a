import { Project, exits, golden, test } from "../support/scenario.js";

test("a proxy that is down is said", async () => {
  const project = await Project.make();
  await project.registry.stop();
  const env = { HTTPS_PROXY: `http://${project.registry.address}` };
  const ran = await project.run({ image: "registry.test/example/app" }, { env, fast: true });
  exits(ran, 1);
  golden(import.meta.url, ran);
});
