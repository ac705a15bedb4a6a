#!/usr/bin/env python3
"""Run docktag and its peers side by side, and hold the results against the targets.

Exit status: 0 all targets met, 1 a target missed or not measured, 2 no result (wrong tag, no binary).
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is

import cycle
import growth
import hashing
import history
import machine
import page
import peers
import plot
import reading
import report
import services
import sizes
import startup
import targets
from contestants import Setup
from results import Case, Failed

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks.svg"
Done = dict[str, Case]
# Each with those that were done before it.
CASES: dict[str, Callable[[Setup, Done], list[Case]]] = {
    "10k": lambda setup, _: [hashing.ten_thousand(setup)],
    "100k": lambda setup, done: [hashing.hundred_thousand(setup, done.get("10k"))],
    "medium": lambda setup, _: [hashing.medium(setup)],
    "large": lambda setup, _: [hashing.large(setup)],
    "one": lambda setup, _: [hashing.one(setup)],
    "wasm": lambda setup, _: [hashing.wasm(setup)],
    "small": lambda setup, _: [hashing.small(setup)],
    "growth": lambda setup, done: growth.growth(setup, done.get("10k")),
    "million": lambda setup, _: [growth.million(setup)],
    "start": lambda setup, _: [startup.startup(setup)],
    "services": lambda setup, _: [services.services(setup)],
    "reading": lambda setup, _: [reading.reading(setup)],
    "history": lambda setup, _: [history.history(setup)],
    "page": lambda setup, _: [page.page(setup)],
    "cycle": lambda setup, _: [cycle.cycle(setup)],
    "size": lambda _setup, _done: [sizes.sizes()],
}
HASHING = ("10k", "100k", "medium", "large", "one", "wasm", "small", "growth")


def main() -> int:
    options = _options()
    # else an engine and a gigabyte of files would stay behind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    load = os.getloadavg()[0]  # before a build adds its own
    if machine.busy(load):
        print(f"bench: {machine.busy(load)}", file=sys.stderr)
    try:
        binary = _program(options.bin) if options.bin else _build()
        setup = Setup(binary, _peers(options.only), options.runs)
        cases = _run(options, setup)
    except (Failed, hashing.WrongTag) as why:
        print(f"bench: {why}", file=sys.stderr)
        return 2
    verdicts = targets.verdicts({it.name: it for it in cases})
    about = machine.describe(load)
    text = report.markdown(cases, verdicts, about, machine.versions(binary, setup.installed["node"].path))
    print(text)
    if options.write:
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(text)
        by_name = {it.name: it for it in cases}
        PLOT.write_text(plot.svg([(count, by_name[f"growth-{count}"]) for count in growth.COUNTS]))
        print(f"bench: wrote {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    open_ones = [f"{it.claim}: {verdict}" for it, _, verdict in verdicts if verdict != "met"]
    for line in open_ones:
        print(f"bench: {line}", file=sys.stderr)
    return 1 if open_ones else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=CASES, action="append", help="only this case; can be given several times")
    parser.add_argument("--runs", type=int, help="rounds after the warm-up (5)")
    parser.add_argument("--quick", action="store_true", help="3 rounds: to see that all of it works")
    parser.add_argument("--bin", type=Path, help="the docktag to measure (built from here if not given)")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    if options.write and (options.only or options.quick):
        parser.error("--write wants the whole suite: leave --only and --quick away")
    options.only = options.only or list(CASES)
    options.runs = options.runs or (3 if options.quick else 5)
    if options.runs < 1 or (options.write and options.runs < 5):
        parser.error(f"--runs {options.runs}: give at least 1, and at least 5 with --write")
    return options


def _program(path: Path) -> Path:
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise Failed(f"{path} is not a program: give another with --bin, or leave --bin away to build it")
    return path.resolve()  # the contestants run in folders of their own


def _build() -> Path:
    argv = ["cargo", "build", "--release", "--locked", "--bin", "docktag"]
    if subprocess.run(argv, cwd=ROOT).returncode != 0:
        raise Failed("docktag cannot be built: see above, or give a program with --bin")
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "docktag"


def _peers(only: list[str]) -> dict[str, peers.Installed]:
    if not set(only) & set(HASHING):
        return {"node": peers.node()}  # the other cases have no other peers than the recipe
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return peers.install_all(Path(os.environ.get("DOCKTAG_TEST_CACHE") or home / "docktag-tests") / "bench")


def _run(options: argparse.Namespace, setup: Setup) -> list[Case]:
    done: Done = {}
    for name, cases in CASES.items():
        if name in options.only:
            done |= {it.name: it for it in cases(setup, done)}
    return list(done.values())


if __name__ == "__main__":
    sys.exit(main())
