import { certificate } from "../support/certificates.js";
import { proxy } from "../support/proxy.js";
import { temporary } from "../support/run.js";
import { Project, assert, exits, golden, test } from "../support/scenario.js";

const { authority, tls } = certificate(temporary(), "DNS:registry.test");

test("registries are asked through the proxy that HTTPS_PROXY names", async () => {
  const project = (await Project.make({ tls })).isThere();
  const { url, asked } = await proxy(project.registry.address);
  const ran = await project.run({ image: "registry.test/example/app" }, { env: { HTTPS_PROXY: url, NODE_EXTRA_CA_CERTS: authority } });
  exits(ran, 0);
  assert.deepEqual([...new Set(asked)], ["CONNECT registry.test:443"]);
  golden(import.meta.url, ran);
});

test("a registry without TLS is asked through the one of HTTP_PROXY", async () => {
  const project = (await Project.make()).isThere();
  const { url, asked } = await proxy(project.registry.address);
  const inputs = { image: "registry.test/example/app", "insecure-registry": "registry.test", "moving-tag": "" };
  const ran = await project.run(inputs, { env: { http_proxy: url } });
  exits(ran, 0);
  assert.deepEqual(asked, [`HEAD http://registry.test/v2/example/app/manifests/${project.tag}`]);
});

test("NO_PROXY and the loopback interface are asked directly", async () => {
  const project = (await Project.make()).isThere();
  const { url, asked } = await proxy(project.registry.address);
  const near = await project.run({}, { env: { HTTP_PROXY: url, HTTPS_PROXY: url } });
  exits(near, 0);
  const far = await project.run({ image: "registry.invalid/example/app" }, { env: { HTTPS_PROXY: url, NO_PROXY: ".invalid" }, fast: true });
  exits(far, 1);
  assert.deepEqual(asked, []);
});
