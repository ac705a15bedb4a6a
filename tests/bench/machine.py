"""What the figures were measured on: the machine and the programs."""

import os
import platform
import subprocess
from pathlib import Path

import contestants
import peers

BUSY = 0.3  # load per core above which the figures cannot be trusted


def describe(load: float) -> list[tuple[str, str]]:
    return [
        ("CPU", _cpu()),
        ("cores", str(contestants.cores())),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("load at the start", f"{load:.1f}"),
    ]


def versions(binary: Path, node: Path | None) -> list[tuple[str, str]]:
    lines = [
        ("docktag", first_line([str(binary), "--version"])),
        ("md5sum, sort", first_line(["md5sum", "--version"])),
        ("find, xargs", first_line(["find", "--version"])),
        ("b3sum", peers.B3SUM),
        ("dirhash", f"{peers.DIRHASH}, Python {platform.python_version()}"),
        ("docktag action", f"Node {first_line([str(node), '--version'])}" if node else ""),
        ("folder-hash", f"{peers.FOLDER_HASH}, same Node"),
        ("hashFiles", f"@actions/glob {peers.ACTIONS_GLOB}, same Node"),
    ]
    return [(program, version) for program, version in lines if version]


def busy(load: float) -> str:
    """A warning, or nothing: other work on the machine changes every figure, and not equally."""
    if load <= BUSY * contestants.cores():
        return ""
    return f"the machine is busy (load {load:.1f}): figures will be off; run this alone"


def first_line(argv: list[str], env: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, env=env)
    except OSError:
        return ""
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else ""


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.split(":", 1)[1].split())
    return platform.machine()
