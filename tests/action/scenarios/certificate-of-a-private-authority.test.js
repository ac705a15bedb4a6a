import { mkdirSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { certificate } from "../support/certificates.js";
import { proxy } from "../support/proxy.js";
import { temporary } from "../support/run.js";
import { Project, exits, golden, test } from "../support/scenario.js";

const { authority, tls } = certificate(temporary(), "DNS:registry.test");

/**
 * A registry that is not on the loopback interface, where any certificate will do.
 *
 * @param {import("node:tls").TlsOptions} tls
 */
async function far(tls) {
  const project = (await Project.make({ tls })).isThere();
  const { url } = await proxy(project.registry.address);
  const run = (/** @type {Record<string, string>} */ inputs = {}, env = {}) =>
    project.run({ image: "registry.test/example/app", "moving-tag": "", ...inputs }, { env: { HTTPS_PROXY: url, ...env } });
  /** Where a rootless engine has the certificates for it. */
  const file = (/** @type {string} */ name, /** @type {string} */ from) => {
    const folder = join(project.root, "home/.config/docker/certs.d/registry.test");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), readFileSync(from));
  };
  return { project, run, file };
}

test("a certificate that nobody knows is refused, with what to do", async () => {
  const ran = await (await far(tls)).run();
  exits(ran, 1);
  golden("certificate-that-nobody-knows", ran);
});

for (const variable of ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
  test(`an authority can be named with ${variable}`, async () => {
    const ran = await (await far(tls)).run({}, { [variable]: authority });
    exits(ran, 0);
    golden("certificate-that-is-known", ran);
  });
}

test("a certificate for another name is refused", async () => {
  const other = certificate(temporary(), "DNS:other.test");
  const ran = await (await far(other.tls)).run({}, { NODE_EXTRA_CA_CERTS: other.authority });
  exits(ran, 1);
  golden("certificate-for-another-name", ran);
});

test("an authority of certs.d is known too", async () => {
  const { run, file } = await far(tls);
  file("ca.crt", authority);
  const ran = await run();
  exits(ran, 0);
  golden("certificate-that-is-known", ran);
});

test("a registry that wants a certificate of ours is shown that of certs.d", async () => {
  const folder = temporary();
  const ours = certificate(folder, "DNS:client.test");
  const { run, file } = await far({ ...tls, ca: readFileSync(ours.authority), requestCert: true, rejectUnauthorized: true });
  file("ca.crt", authority);
  const without = await run();
  exits(without, 1);
  golden("certificate-of-ours-is-wanted", without);
  file("client.cert", join(folder, "server.pem"));
  const half = await run();
  exits(half, 1);
  golden("certificate-of-ours-is-half", half);
  file("client.key", join(folder, "server.key"));
  exits(await run(), 0);
  const other = temporary();
  certificate(other, "DNS:client.test");
  file("client.key", join(other, "server.key"));
  const wrong = await run();
  exits(wrong, 1);
  golden("certificate-of-ours-has-another-key", wrong);
});

test("an insecure registry may have any certificate", async () => {
  const other = certificate(temporary(), "DNS:other.test");
  exits(await (await far(other.tls)).run({ "insecure-registry": "registry.test" }), 0);
  const near = (await Project.make({ tls: other.tls })).isThere();
  exits(await near.run({ "moving-tag": "" }), 0);
});
