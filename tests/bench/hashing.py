"""The cases that hash a folder: docktag and its peers on trees of four shapes."""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import contestants
import trees
from contestants import CRYPTO_ALONE, DOCKTAG, WASM_ALONE, Setup
from measure import run_once, take_turns, warm_up
from results import MIB, Case, Contestant, Row

DOCKTAG_TENTH = "docktag, 10,000 files only"

# A peer that needs longer for 100,000 files says nothing new there, and the whole suite should end in ten minutes.
LIMIT = 20


class WrongTag(Exception):
    """Our answer is not the recipe's: a fast wrong tag is worth nothing, so everything stops."""


def ten_thousand(setup: Setup) -> Case:
    with project_folder() as project:
        trees.many_files(project, 10_000, 5_400)
        floors = [contestants.floor(setup, project), contestants.floor_in_node(setup, project)]
        rows = race([*contestants.everyone(setup, project, 10_000), *floors], setup.rounds)
    return Case("10k", "10,000 files, 54 MB", "Files of 2.7 to 8.1 kB, three folders deep.", rows)


def hundred_thousand(setup: Setup, earlier: Case | None) -> Case:
    """`earlier` is the case of 10,000 files: who was slow there is not started here."""
    with project_folder() as folder:
        project, tenth = folder / "all", folder / "tenth"
        trees.many_files(project, 100_000, 1_000)
        trees.many_files(tenth, 10_000, 1_000)
        others = [unless_slow(it, earlier) for it in contestants.everyone(setup, project, 100_000)[1:]]
        ours = [contestants.docktag(setup, project), contestants.docktag(setup, tenth, DOCKTAG_TENTH)]
        rows = race(ours + others, setup.rounds, LIMIT)
    about = f"Files of 0.5 to 1.5 kB. A program that needs more than {LIMIT} s is left out."
    return Case("100k", "100,000 files, 100 MB", about, rows)


def large(setup: Setup) -> Case:
    with project_folder() as project:
        trees.large_files(project, 4, 256 * MIB)
        rows = race(contestants.everyone(setup, project, 4), setup.rounds)
    about = (
        "Neither the list of files nor the start of processes counts here: this is the speed of the digest. "
        "BLAKE3 is the faster one; docktag stays with MD5, because `md5sum` must be able to check the tag."
    )
    return Case("large", "4 files of 256 MiB", about, rows)


def medium(setup: Setup) -> Case:
    with project_folder() as project:
        trees.large_files(project, 64, 16 * MIB)
        racing = [*contestants.everyone(setup, project, 64), contestants.floor(setup, project)]
        rows = race(racing, setup.rounds, LIMIT)
    return Case("medium", "64 files of 16 MiB", "Enough files for all lanes of all cores.", rows)


def one(setup: Setup) -> Case:
    with project_folder() as project:
        trees.large_files(project, 1, 1024 * MIB)
        racing = [contestants.docktag(setup, project), contestants.recipe(project), contestants.floor(setup, project)]
        rows = race(racing, setup.rounds)
    return Case("one", "1 file of 1 GiB", "MD5 of one file has no lanes.", rows)


def wasm(setup: Setup) -> Case:
    with project_folder() as project:
        trees.large_files(project, 64, 4 * MIB)
        racing = [contestants.tag_action(setup, project), contestants.crypto(setup, project), contestants.docktag(setup, project)]
        alone = [contestants.in_node(setup, project, *it) for it in ((WASM_ALONE, "action"), (CRYPTO_ALONE, "crypto"))]
        rows = race(racing + alone, setup.rounds)
    case = Case("wasm", "64 files of 4 MiB, in Node", "Whole processes, and what is left without their start.", rows)
    if len({run.output for name in (WASM_ALONE, CRYPTO_ALONE) if (row := case.row(name)) for run in row.runs}) > 1:
        raise WrongTag("wasm in Node and Node's crypto have different digests: put that right first")
    return case


def small(setup: Setup) -> Case:
    with project_folder() as project:
        trees.many_files(project, 20, 2_000)
        racing = [contestants.docktag(setup, project), contestants.md5sum(project), contestants.recipe(project)]
        # these take milliseconds: more rounds cost nothing and steady the median
        rows = race(racing, 8 * setup.rounds)
    about = "What one waits for in an everyday project; `md5sum` gets all names at once, as one process."
    return Case("small", "20 files, 40 kB", about, rows)


def tag_by_hand(project: Path) -> str:
    """The recipe's tag, without a process per file."""
    return _tag(run_once(contestants.xargs_md5sum(project, 10_000)).output)


@contextmanager
def project_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="docktag-bench-") as folder:
        yield Path(folder)


def race(racing: list[Contestant], rounds: int, limit: int = 0) -> list[Row]:
    print("bench: " + "; ".join(it.name for it in racing if not it.left_out), file=sys.stderr)
    rows = warm_up(racing, limit)
    _compare_tags(rows)
    take_turns(rows, rounds)
    _compare_tags(rows)
    return rows


def _compare_tags(rows: list[Row]) -> None:
    """Every answer of docktag, and of those who make the same manifest, is the recipe's tag of that folder."""
    expected = {}
    for row in rows:
        if row.name not in (contestants.RECIPE, contestants.XARGS_MD5SUM) and not row.name.startswith(DOCKTAG):
            continue
        if row.name.startswith(DOCKTAG) and row.reason and not row.contestant.left_out:
            raise WrongTag(f"{row.name} gives no tag: {row.reason}")
        project = row.contestant.cwd
        if project not in expected:
            expected[project] = tag_by_hand(project)
        for run in [row.first, *row.runs]:
            if run and _tag(run.output) != expected[project]:
                said, by_hand = _tag(run.output), expected[project]
                raise WrongTag(f"{row.name} says {said!r}, by hand it is {by_hand!r}: put that right first")


def unless_slow(it: Contestant, earlier: Case | None, count: int = 10_000) -> Contestant:
    """`earlier` is a case of so many files, a tenth of those that are next."""
    before = next((row for row in earlier.rows if row.name == it.name), None) if earlier else None
    if before and before.contestant.left_out:
        return contestants.left_out(it, before.contestant.left_out)
    row = earlier.row(it.name) if earlier else None
    forecast = 10 * row.median if row else 0
    if forecast <= LIMIT:
        return it
    return contestants.left_out(it, f"would take about {forecast:.0f} s, ten times as long as for {count:,} files")


def _tag(output: str) -> str:
    found = re.search(r"\b[0-9a-f]{32}\b", output)
    return found.group() if found else output.strip()
