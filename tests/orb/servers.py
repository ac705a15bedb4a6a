"""Loopback servers: a release's files, and an npm registry with one package."""

import base64
import gzip
import hashlib
import io
import json
import shutil
import ssl
import subprocess
import tarfile
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def archive(files):
    """A .tar.gz of executable files: name -> content."""
    buffer = io.BytesIO()
    # The fastest compression: the program under test is large.
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


class Authority:
    """A certificate authority for https servers on the loopback interface."""

    def __init__(self, test):
        folder = Path(tempfile.mkdtemp())
        test.addCleanup(shutil.rmtree, folder)
        self.file, key = folder / "authority.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", self.file],
                       check=True, stderr=subprocess.DEVNULL)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.file, key)
        self.wgetrc = folder / "wgetrc"
        self.wgetrc.write_text(f"ca_certificate = {self.file}\n")

    def trusted_by(self, box):
        box.env.update(CURL_CA_BUNDLE=str(self.file), WGETRC=str(self.wgetrc), NODE_EXTRA_CA_CERTS=str(self.file))


class Server:
    """Answers GET with what `answers` has for the path: a list with one entry for each request, of which the last one stays.

    An entry is a status and a body; for a redirect, a status and the address.
    """

    def __init__(self, test, authority=None):
        self.answers, self.requests = {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                status, body = outer.answer(self.path)
                cut = status == "cut"
                self.send_response(200 if cut else status)
                if isinstance(body, str):
                    self.send_header("Location", body)
                    body = b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if cut else body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"{'https' if authority else 'http'}://127.0.0.1:{self.server.server_port}"
        if authority:
            self.server.socket = authority.context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def answer(self, path):
        answers = self.answers.get(path, [(404, b"not here")])
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Release(Server):
    """`docktag-VERSION-TARGET.tar.gz` with one program, and SHA256SUMS."""

    def __init__(self, test, version, target, program, member="docktag", authority=None):
        super().__init__(test, authority)
        name = f"docktag-{version}-{target}"
        self.archive = archive({f"{name}/README.md": b"", f"{name}/{member}": program})
        self.digest = hashlib.sha256(self.archive).hexdigest()
        self.path, self.sums = f"/v{version}/{name}.tar.gz", f"/v{version}/SHA256SUMS"
        self.parameters = {"version": version, "release_url": self.url + "/v{version}"}
        self.answers[self.path] = [(200, self.archive)]
        other = "0" * 64
        self.answers[self.sums] = [(200, f"{other}  other-{name}.tar.gz\n{self.digest}  {name}.tar.gz\n".encode())]


class Network(Release):
    """An attacker on the network: answers every request over plain HTTP with a release of their own, whatever the host."""

    def answer(self, path):
        return super().answer(self.sums if path.endswith("/SHA256SUMS") else self.path)

    def carries(self, box):
        # A proxy is asked for every host, so the hosts need not exist.
        box.env["http_proxy"] = self.url


PROGRAMS = {"docktag": "cli.js"}


class Registry(Server):
    """An npm registry that has docktag in one version."""

    def __init__(self, test, version, tarball, authority=None):
        super().__init__(test, authority)
        self.version, self.tarball = version, f"/docktag/-/docktag-{version}.tgz"
        self.digest = hashlib.sha512(tarball).digest()
        self.answers[self.tarball] = [(200, tarball)]
        self.parameters = {"version": version, "npm_registry": self.url}
        self.offer(self.digest, PROGRAMS)

    def offer(self, sha512, programs, scripts=None):
        """What the registry says of the package: npm goes by this, not by what is in the package."""
        dist = {"tarball": self.url + self.tarball, "integrity": "sha512-" + base64.b64encode(sha512).decode()}
        package = {"name": "docktag", "version": self.version, "bin": programs, "dist": dist}
        if scripts:
            package.update(scripts=scripts, hasInstallScript=True)
        document = {"name": "docktag", "dist-tags": {"latest": self.version}, "versions": {self.version: package}}
        self.answers["/docktag"] = [(200, json.dumps(document).encode())]


def package(version, says=None, scripts=None):
    """The smallest npm package with a program."""
    description = {"name": "docktag", "version": version, "scripts": scripts or {}, "bin": PROGRAMS}
    program = f"#!/usr/bin/env node\nconsole.log('docktag {says or version}')\n"
    return archive({"package/package.json": json.dumps(description).encode(), "package/cli.js": program.encode()})
