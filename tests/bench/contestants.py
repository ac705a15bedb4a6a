"""Who runs: docktag, the action, the recipe and the peers, as command lines on one project folder."""

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import action
from peers import Installed
from results import Contestant, Run

DOCKTAG = "docktag"
ACTION = "docktag action"
RECIPE = "the recipe"
XARGS_MD5SUM = "xargs -P md5sum"
XARGS_B3SUM = "xargs -P b3sum"
B3SUM = "b3sum"
DIRHASH = "dirhash"
FOLDER_HASH = "folder-hash"
HASH_FILES = "hashFiles"
MD5SUM = "md5sum"
FLOOR = "floor: read, not hashed"
FLOOR_IN_NODE = "floor in Node"
CRYPTO = "Node's crypto"
WASM_ALONE = "wasm in Node, hashing alone"
CRYPTO_ALONE = "Node's crypto, hashing alone"


@dataclass(frozen=True)
class Setup:
    binary: Path
    installed: dict[str, Installed]
    rounds: int


def cores() -> int:
    return len(os.sched_getaffinity(0))


def everyone(setup: Setup, project: Path, files: int) -> list[Contestant]:
    return [
        docktag(setup, project),
        tag_action(setup, project),
        recipe(project),
        xargs_md5sum(project, files),
        *_b3sum(setup, project, files),
        _dirhash(setup, project, files),
        _node(setup, project, FOLDER_HASH, 'hashElement("docker", { algo: "md5" })'),
        _node(setup, project, HASH_FILES, 'hashFiles("docker/**")'),
    ]


def docktag(setup: Setup, project: Path, name: str = DOCKTAG) -> Contestant:
    argv = [str(setup.binary), "tag", "--path", "docker"]
    return Contestant(name, argv, project, environment(), "docktag tag --path docker")


def tag_action(setup: Setup, project: Path) -> Contestant:
    def program(node: Path) -> Contestant:
        return action.contestant(ACTION, node, project, environment(), {"command": "tag", "path": "docker"})

    return installed(setup, "node", ACTION, project, action.shown({"command": "tag", "path": "docker"}), program)


def recipe(project: Path) -> Contestant:
    return _shell(RECIPE, project, r"find docker -type f -exec md5sum {} \; | LC_ALL=C sort -k 2 > m; md5sum m")


def xargs_md5sum(project: Path, files: int) -> Contestant:
    return _shell(XARGS_MD5SUM, project, _xargs_line("md5sum", files))


def md5sum(project: Path) -> Contestant:
    files = sorted(str(it.relative_to(project)) for it in project.glob("docker/*/*/*"))
    return Contestant(MD5SUM, ["md5sum", *files], project, environment(), "md5sum docker/*/*/*")


def floor(setup: Setup, project: Path) -> Contestant:
    def program(path: Path) -> Contestant:
        return Contestant(FLOOR, [str(path), "docker"], project, environment(), shown)

    shown = "tests/bench/floor.rs: walks docker, and reads all files on all cores"
    return installed(setup, "floor", FLOOR, project, shown, program)


def floor_in_node(setup: Setup, project: Path) -> Contestant:
    shown = "node tests/bench/floor.mjs docker: walks docker, and reads all files, as far as one thread can"
    return _script(setup, project, FLOOR_IN_NODE, shown, "floor.mjs", "docker")


def crypto(setup: Setup, project: Path) -> Contestant:
    return _script(setup, project, CRYPTO, 'node, with a script: createHash("md5") for each file', "crypto.mjs", "docker")


def in_node(setup: Setup, project: Path, name: str, who: str) -> Contestant:
    """Hashing without the start of the process: the second time in one, in which the script takes the time."""

    def read(run: Run) -> Run:
        seconds, digest = run.output.split()
        return dataclasses.replace(run, seconds=float(seconds), output=digest)

    shown = f"node tests/bench/in_node.mjs {who} docker/large: hashing alone, the second time in one process"
    return dataclasses.replace(_script(setup, project, name, shown, "in_node.mjs", who, "docker/large"), read=read)


def left_out(contestant: Contestant, reason: str) -> Contestant:
    return dataclasses.replace(contestant, left_out=reason)


def environment() -> dict[str, str]:
    """Only what a program needs: a variable of the CI system that runs this must not change what is measured."""
    kept = ("PATH", "HOME", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}


def _xargs_line(program: str, files: int) -> str:
    """`-n` as it suits the peers best: four turns per core, so that the cores end together.

    Measured: a smaller batch only starts more processes (10,000 files, 64 each: up to twice the time of 1250 each).
    """
    batch = max(1, files // (4 * cores()))
    return f"find docker -type f -print0 | xargs -0 -P$(nproc) -n {batch} {program} | LC_ALL=C sort -k 2 | {program}"


def _b3sum(setup: Setup, project: Path, files: int) -> list[Contestant]:
    """Run as md5sum is, and as one process with threads of its own."""
    plain = "find docker -type f -exec b3sum {} + | LC_ALL=C sort -k 2 | b3sum"
    lines = {XARGS_B3SUM: _xargs_line("b3sum", files), B3SUM: plain}

    def shell(name: str) -> Callable[[Path], Contestant]:
        return lambda program: _shell(name, project, lines[name], program.parent)

    return [installed(setup, "b3sum", name, project, lines[name], shell(name)) for name in lines]


def _script(setup: Setup, project: Path, name: str, shown: str, script: str, *args: str) -> Contestant:
    """A script of this folder, run by Node."""

    def program(node: Path) -> Contestant:
        argv = [str(node), str(Path(__file__).resolve().parent / script), *args]
        return Contestant(name, argv, project, environment(), shown)

    return installed(setup, "node", name, project, shown, program)


def _dirhash(setup: Setup, project: Path, files: int) -> Contestant:
    # its worker processes cost more than they bring where files are many and small
    options = ["docker", "-a", "md5"] + (["-j", str(cores())] if files < 100 else [])
    shown = " ".join(["dirhash", *options])

    def program(path: Path) -> Contestant:
        return Contestant(DIRHASH, [str(path), *options], project, environment(), shown)

    return installed(setup, "dirhash", DIRHASH, project, shown, program)


def _node(setup: Setup, project: Path, name: str, call: str) -> Contestant:
    def program(path: Path) -> Contestant:
        def script(node: Path) -> Contestant:
            return Contestant(name, [str(node), str(path)], project, environment(), shown)

        return installed(setup, "node", name, project, shown, script)

    shown = f"node, with a script of one call: {call}"
    return installed(setup, name, name, project, shown, program)


def installed(
    setup: Setup, package: str, name: str, project: Path, shown: str, make: Callable[[Path], Contestant]
) -> Contestant:
    it = setup.installed[package]
    return make(it.path) if it.path else Contestant(name, [], project, {}, shown, left_out=it.reason)


def _shell(name: str, project: Path, line: str, programs: Path | None = None) -> Contestant:
    env = environment()
    if programs:
        env["PATH"] = f"{programs}:{env['PATH']}"
    return Contestant(name, ["sh", "-c", line], project, env, line)
