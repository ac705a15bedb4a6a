import { certificate } from "../support/certificates.js";
import { temporary } from "../support/run.js";
import { Project, exits, golden, test } from "../support/scenario.js";

const { authority, tls } = certificate(temporary(), "IP:127.0.0.1");

test("a certificate that nobody knows is refused, with what to do", async () => {
  const project = await Project.make({ tls });
  const ran = await project.run({ "moving-tag": "" });
  exits(ran, 1);
  golden("certificate-that-nobody-knows", ran);
});

for (const variable of ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
  test(`an authority can be named with ${variable}`, async () => {
    const project = (await Project.make({ tls })).isThere();
    const ran = await project.run({ "moving-tag": "" }, { env: { [variable]: authority } });
    exits(ran, 0);
    golden("certificate-that-is-known", ran);
  });
}

test("a certificate for another name is refused", async () => {
  const other = certificate(temporary(), "DNS:registry.test");
  const project = await Project.make({ tls: other.tls });
  const ran = await project.run({ "moving-tag": "" }, { env: { NODE_EXTRA_CA_CERTS: other.authority } });
  exits(ran, 1);
  golden("certificate-for-another-name", ran);
});
