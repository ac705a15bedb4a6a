// An authority that nobody knows, and a certificate of it.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @param {string} folder where the files are made
 * @param {string} name whom the certificate is for, such as `DNS:registry.test` or `IP:127.0.0.1`
 */
export function certificate(folder, name) {
  const openssl = (/** @type {string[]} */ ...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=nobody's authority", "-days", "2");
  openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=registry");
  writeFileSync(join(folder, "server.ext"), `subjectAltName=${name}\n`);
  const from = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "server.ext"];
  openssl("x509", "-req", "-in", "server.csr", ...from, "-out", "server.pem", "-days", "2");
  const read = (/** @type {string} */ file) => readFileSync(join(folder, file), "utf8");
  return { authority: join(folder, "authority.pem"), tls: { key: read("server.key"), cert: read("server.pem") } };
}
