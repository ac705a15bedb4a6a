"""The engine and the registry that the warm cycle runs on; `tests/engine.sh` starts and stops them."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import contestants
from results import Failed

SETTINGS = ("ENGINE_", "DOCKTAG_TEST_CACHE", "XDG_CACHE_HOME")  # what tests/engine.sh reads
SCRIPT = Path(__file__).resolve().parent.parent / "engine.sh"
TYPES = ", ".join(
    f"application/vnd.{it}+json"
    for it in (
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "oci.image.index.v1",
    )
)


@dataclass(frozen=True)
class Engine:
    folder: Path
    env: dict[str, str]  # with DOCKER_HOST and its like

    @property
    def registry(self) -> str:
        return self.env["ENGINE_REGISTRY"]


@dataclass(frozen=True)
class Manifest:
    """What a tag points at, byte for byte."""

    media_type: str
    body: bytes

    @property
    def layers(self) -> list[str]:
        return [it["digest"] for it in json.loads(self.body).get("layers", [])]


def start(folder: Path) -> Engine:
    _script("start", folder)
    show = 'eval "$("$0" env "$1")" && env -0'
    lines = _output(["bash", "-c", show, str(SCRIPT), str(folder)]).split("\0")
    return Engine(folder, dict(line.split("=", 1) for line in lines if "=" in line))


def fresh(engine: Engine) -> None:
    """An engine without any image or cache, as a CI machine has it; the registry keeps what it has."""
    _script("fresh", engine.folder)


def wipe(folder: Path) -> None:
    _script("wipe", folder)


def read(engine: Engine, repository: str, tag: str) -> Manifest:
    request = urllib.request.Request(_url(engine, repository, tag), headers={"Accept": TYPES})
    try:
        with urllib.request.urlopen(request) as reply:
            return Manifest(reply.headers["Content-Type"], reply.read())
    except urllib.error.URLError as why:
        raise Failed(f"{repository}:{tag} cannot be read from the registry: {why}") from why


def write(engine: Engine, repository: str, tag: str, manifest: Manifest) -> None:
    headers = {"Content-Type": manifest.media_type}
    url = _url(engine, repository, tag)
    urllib.request.urlopen(urllib.request.Request(url, manifest.body, headers, method="PUT")).close()


def _url(engine: Engine, repository: str, tag: str) -> str:
    return f"http://{engine.registry}/v2/{repository}/manifests/{tag}"


def _script(command: str, folder: Path) -> None:
    _output([str(SCRIPT), command, str(folder)])


def _output(argv: list[str]) -> str:
    settings = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}
    env = contestants.environment() | settings
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(" ".join(done.stderr.split()[-60:]) or f"{argv[0]} ends with {done.returncode}")
    return done.stdout
