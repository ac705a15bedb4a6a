"""Loopback servers: a release's files, and an npm registry with one package."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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


class Server:
    """Answers GET with what `answers` has for the path: a list with one entry for each request, of which the last one stays."""

    def __init__(self, test):
        self.answers, self.requests = {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                answers = outer.answers.get(self.path, [(404, b"not here")])
                status, body = answers.pop(0) if len(answers) > 1 else answers[0]
                cut = status == "cut"
                self.send_response(200 if cut else status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if cut else body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)


class Release(Server):
    """`docktag-VERSION-TARGET.tar.gz` with one program, and SHA256SUMS."""

    def __init__(self, test, version, target, program, member="docktag"):
        super().__init__(test)
        name = f"docktag-{version}-{target}"
        self.archive = archive({f"{name}/README.md": b"", f"{name}/{member}": program})
        self.digest = hashlib.sha256(self.archive).hexdigest()
        self.path, self.sums = f"/v{version}/{name}.tar.gz", f"/v{version}/SHA256SUMS"
        self.parameters = {"version": version, "release_url": self.url + "/v{version}"}
        self.answers[self.path] = [(200, self.archive)]
        other = "0" * 64
        self.answers[self.sums] = [(200, f"{other}  other-{name}.tar.gz\n{self.digest}  {name}.tar.gz\n".encode())]


PROGRAMS = {"docktag": "cli.js"}


class Registry(Server):
    """An npm registry that has docktag in one version."""

    def __init__(self, test, version, tarball):
        super().__init__(test)
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
