import { nodes } from "../support/nodes.js";
import { proxy } from "../support/proxy.js";
import { Project, assert, exits, golden, test } from "../support/scenario.js";

for (const { program, version } of nodes) {
  const [major, minor] = version.slice(1).split(".").map(Number);
  // Node's documentation, `http.Agent`: `proxyEnv` came with 22.21 and 24.5.
  const takesProxies = major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
  test(`Node ${version} ${takesProxies ? "takes the proxy of the environment" : "says that it takes no proxy"}`, async () => {
    const project = (await Project.make()).isThere();
    const { url, asked } = await proxy(project.registry.address);
    const inputs = { image: "registry.invalid/example/app", "insecure-registry": "registry.invalid", "moving-tag": "" };
    const ran = await project.run(inputs, { env: { HTTP_PROXY: url }, node: program, fast: true });
    exits(ran, takesProxies ? 0 : 1);
    assert.equal(asked.length, takesProxies ? 1 : 0);
    if (!takesProxies) {
      ran.stdout = ran.stdout.replaceAll(version, "<VERSION>");
      ran.files.GITHUB_STEP_SUMMARY = ran.files.GITHUB_STEP_SUMMARY.replaceAll(version, "<VERSION>");
      golden(import.meta.url, ran);
    }
  });
}
