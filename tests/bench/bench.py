#!/usr/bin/env python3
"""Run docktag and its peers side by side, and hold the results against the targets.

Exit status: 0 all targets met, 1 a target missed or not measured, 2 no result (wrong tag, no binary).
"""

import argparse
import os
import signal
import subprocess
import sys
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
CASES = ("10k", "100k", "medium", "large", "one", "wasm", "small", "growth", "million", "start", "services", "history", "page", "cycle", "size")
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
    options.only = options.only or CASES
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
    done: dict[str, Case] = {}
    if "10k" in options.only:
        done["10k"] = hashing.ten_thousand(setup)
    if "100k" in options.only:
        done["100k"] = hashing.hundred_thousand(setup, done.get("10k"))
    if "medium" in options.only:
        done["medium"] = hashing.medium(setup)
    if "large" in options.only:
        done["large"] = hashing.large(setup)
    if "one" in options.only:
        done["one"] = hashing.one(setup)
    if "wasm" in options.only:
        done["wasm"] = hashing.wasm(setup)
    if "small" in options.only:
        done["small"] = hashing.small(setup)
    if "growth" in options.only:
        done |= {it.name: it for it in growth.growth(setup, done.get("10k"))}
    if "million" in options.only:
        done["million"] = growth.million(setup)
    if "start" in options.only:
        done["start"] = startup.startup(setup)
    if "services" in options.only:
        done["services"] = services.services(setup)
    if "history" in options.only:
        done["history"] = history.history(setup)
    if "page" in options.only:
        done["page"] = page.page(setup)
    if "cycle" in options.only:
        done["cycle"] = cycle.cycle(setup)
    if "size" in options.only:
        done["size"] = sizes.sizes()
    return list(done.values())


if __name__ == "__main__":
    sys.exit(main())
