"""Install the peers, each at a pinned version."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
B3SUM = "1.8.7"
FOLDER_HASH = "4.1.4"
ACTIONS_GLOB = "0.7.0"
DIRHASH = "0.5.0"


@dataclass(frozen=True)
class Installed:
    """Path of a program to start, or the reason why there is none."""

    path: Path | None
    reason: str = ""


def install_all(cache: Path) -> dict[str, Installed]:
    """Everything that is not there yet goes to a folder of `cache` named after its version."""
    return {
        "b3sum": _b3sum(cache / f"b3sum-{B3SUM}"),
        "folder-hash": _npm(cache / f"folder-hash-{FOLDER_HASH}", f"folder-hash@{FOLDER_HASH}", "folder_hash.mjs"),
        "hashFiles": _npm(cache / f"actions-glob-{ACTIONS_GLOB}", f"@actions/glob@{ACTIONS_GLOB}", "hash_files.mjs"),
        "dirhash": _dirhash(cache / f"dirhash-{DIRHASH}"),
        "node": node(),
        "floor": _floor(cache / "floor"),
    }


def _floor(folder: Path) -> Installed:
    """Made anew each time, which takes a second."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _run("rustc", "--edition", "2024", "-O", "-o", folder / "floor", HERE / "floor.rs")
    except _NotInstalled as why:
        return Installed(None, str(why))
    return Installed(folder / "floor")


def node() -> Installed:
    """The Node that GitHub's runner starts actions with. Peers in Node run in the same one."""
    argv = [HERE.parent / "tools.sh", "modules"]
    try:
        done = _run(*argv)
    except _NotInstalled as why:
        return Installed(None, str(why))
    return Installed(Path(done) / "node24" / "bin" / "node")


class _NotInstalled(Exception):
    pass


def _b3sum(folder: Path) -> Installed:
    argv = ["cargo", "install", "b3sum", "--version", B3SUM, "--locked", "--root", folder]
    return _once(folder, folder / "bin" / "b3sum", argv)


def _dirhash(folder: Path) -> Installed:
    venv = [sys.executable, "-m", "venv", folder]
    pip = [folder / "bin" / "pip", "install", "--quiet", f"dirhash=={DIRHASH}"]
    return _once(folder, folder / "bin" / "dirhash", venv, pip)


def _npm(folder: Path, package: str, script: str) -> Installed:
    # the scripts of packages are not needed here, so they do not run
    argv = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", package]
    installed = _once(folder, folder / script, argv)
    if installed.path:
        shutil.copy(HERE / script, folder)
    return installed


def _once(folder: Path, program: Path, *commands: list) -> Installed:
    done = folder / ".done"
    if not done.exists():
        print(f"bench: install {folder.name}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            for argv in commands:
                _run(*argv)
        except _NotInstalled as why:
            return Installed(None, str(why))
        done.touch()
    return Installed(program)


def _run(*argv: object) -> str:
    program = str(argv[0])
    if not shutil.which(program):
        raise _NotInstalled(f"no {Path(program).name} on PATH: install it and run again")
    done = subprocess.run([str(it) for it in argv], capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise _NotInstalled(f"{Path(program).name} failed: {lines[-1].strip()}")
    return done.stdout.strip()
