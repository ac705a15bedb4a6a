"""From the start of a process to its first request, on a warm machine: what everybody waits for before anything is known."""

import dataclasses
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import action
import contestants
import trees
from contestants import ACTION, DOCKTAG, Setup
from measure import take_turns, warm_up
from results import Case, Contestant, Failed, Run

NODE_ALONE = "node, one request"
SCRIPT = 'require("node:http").request(process.argv[1], { method: "HEAD" }).end()'
# A hit starts no program: one that is started would be a mistake, and its time not ours.
DOCKER = """\
#!/bin/sh
echo "docker: unexpected: $*" >&2; exit 97
"""
COMPOSE = """\
services:
  app: {build: docker, image: $DOCKER_IMAGE}
  web: {build: docker, image: $DOCKER_IMAGE-web}
"""


def startup(setup: Setup) -> Case:
    about = (
        "The times are those until a registry on loopback sees the first request of a `build` with two images of 20 files. "
        "Both images are there, so nothing is built, and no program is started."
    )
    with tempfile.TemporaryDirectory(prefix="docktag-bench-") as folder, Registry() as registry:
        project = Path(folder)
        _make(project)
        racing = [_until_request(it, registry) for it in _racing(setup, project, registry)]
        print("bench: " + "; ".join(f"{it.name} to the first request" for it in racing if not it.left_out), file=sys.stderr)
        rows = warm_up(racing)
        take_turns(rows, 8 * setup.rounds)
    return Case("start", "Start to first request", about, rows)


def _racing(setup: Setup, project: Path, registry: "Registry") -> list[Contestant]:
    image = f"{registry.address}/example/app"
    env = contestants.environment()
    env["PATH"] = f"{project / 'bin'}:{env['PATH']}"
    inputs = {"command": "build", "path": "docker", "image": image}
    told = action.shown(inputs | {"image": "REGISTRY/example/app"})

    def ours(node: Path) -> Contestant:
        it = action.contestant(ACTION, node, project, env, inputs)
        return dataclasses.replace(it, shown=told, check=action.was_hit)

    def alone(node: Path) -> Contestant:
        return Contestant(NODE_ALONE, [str(node), "-e", SCRIPT, f"http://{registry.address}/v2/"], project, env, shown)

    shown = f"node -e '{SCRIPT}' http://REGISTRY/v2/"
    native = [str(setup.binary), "build", "--path", "docker", "--image", image]
    return [
        Contestant(DOCKTAG, native, project, env, "docktag build --path docker --image REGISTRY/example/app"),
        contestants.installed(setup, "node", ACTION, project, told, ours),
        contestants.installed(setup, "node", NODE_ALONE, project, shown, alone),
    ]


def _until_request(it: Contestant, registry: "Registry") -> Contestant:
    def before() -> None:
        it.before()
        registry.first = None

    def read(run: Run) -> Run:
        if registry.first is None:
            raise Failed("no request came")
        return dataclasses.replace(it.read(run), seconds=registry.first - run.started)

    return dataclasses.replace(it, before=before, read=read)


def _make(project: Path) -> None:
    trees.many_files(project, 20, 2_000)
    (project / "compose.yml").write_text(COMPOSE)
    docker = project / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER)
    docker.chmod(0o755)


class Registry:
    """Has every image, all the same one, and knows when it was asked first."""

    def __init__(self) -> None:
        self.first: float | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def parse_request(self) -> bool:
                if outer.first is None:
                    outer.first = time.perf_counter()
                return super().parse_request()

            def do_HEAD(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
                self.send_header("Docker-Content-Digest", f"sha256:{64 * '0'}")
                self.send_header("Content-Length", "2")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """The log of the bench is for other things."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "Registry":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
