"""The page in Chromium and the action on the same 10,000 files."""

import dataclasses
import json
import os
import tarfile
import tempfile
from pathlib import Path

import action
import contestants
import hashing
import trees
from contestants import ACTION, Setup
from measure import take_turns, warm_up
from results import Case, Contestant, Failed, Run

DROPPED = "the page, folder dropped"
PICKED = "the page, folder picked"
ARCHIVE = "the page, archive picked"
ALONE = "Chromium alone, folder dropped, files only read"
SCRIPT = Path(__file__).resolve().parent / "page.mjs"
SCRIPT_ALONE = Path(__file__).resolve().parent / "page_alone.mjs"


def page(setup: Setup) -> Case:
    about = (
        "10,000 files, 54 MB. The page's time is from the moment at which it has the folder until its tag is shown, in a Chromium without a window; "
        "the action's is that of the whole process. A browser asks another process of its own several times for each file, which is where the time goes; it hands out an archive in a few large pieces. The last row is a page that reads the files and does nothing else."
    )
    with tempfile.TemporaryDirectory(prefix="docktag-bench-") as folder:
        project = Path(folder) / "project"
        project.mkdir()
        trees.many_files(project, 10_000, 5_400)
        expected = hashing.tag_by_hand(project)
        size = sum(it.stat().st_size for it in (project / "docker").rglob("*") if it.is_file())
        archive = Path(folder) / "project.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(project / "docker", "docker")
        rows = warm_up([
            _action(setup, project),
            _page(setup, project, DROPPED, [str(SCRIPT), "dropped", str(project)], expected),
            _page(setup, project, PICKED, [str(SCRIPT), "picked", str(project)], expected),
            _page(setup, project, ARCHIVE, [str(SCRIPT), "archive", str(archive)], expected),
            _page(setup, project, ALONE, [str(SCRIPT_ALONE), str(project / "docker")], f"{size} bytes"),
        ])
        take_turns(rows, setup.rounds)
    return Case("page", "The page on 10,000 files", about, rows)


def _page(setup: Setup, project: Path, name: str, args: list[str], expected: str) -> Contestant:
    def check(run: Run) -> None:
        if run.output != expected:
            raise Failed(f"says {run.output!r}, expected {expected!r}")

    def program(node: Path) -> Contestant:
        env = contestants.environment()
        if "DOCKTAG_TEST_CACHE" in os.environ:
            env["DOCKTAG_TEST_CACHE"] = os.environ["DOCKTAG_TEST_CACHE"]
        return Contestant(name, [str(node), *args], project, env, "", read=_read, check=check)

    return contestants.installed(setup, "node", name, project, "", program)


def _action(setup: Setup, project: Path) -> Contestant:
    inputs = {"command": "tag", "path": "docker"}

    def program(node: Path) -> Contestant:
        return action.contestant(ACTION, node, project, contestants.environment(), inputs)

    return contestants.installed(setup, "node", ACTION, project, action.shown(inputs), program)


def _read(run: Run) -> Run:
    said = json.loads(run.output)
    return dataclasses.replace(run, seconds=said["milliseconds"] / 1000, output=said["tag"])
