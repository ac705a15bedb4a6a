"""Results as Markdown."""

from results import MIB, Case, Row
from targets import Target

Verdict = tuple[Target, float | None, str]

HEAD = """\
# Benchmarks

Written by `make bench` (`python3 tests/bench/bench.py --write`), never by hand.
All programs of a table ran side by side: one warm-up of each, then rounds in which they took turns.
Times are wall times of whole processes, where nothing else is said, with the files in the page cache.
A ratio is that of the medians: above 1, docktag is faster.
Peak memory is that of the largest process of a command.
The kernel counts a process from before it becomes another program: a peak that small reads `<=`.
"""

PLOT = """\
## Files and seconds

![How long each program takes for 10 to 100,000 files](benchmarks.svg)

Both axes grow by factors of ten. A program that would need more than 20 s is left out there.
The numbers are in the tables of `5.4 kB` below.
"""


def markdown(
    cases: list[Case],
    verdicts: list[Verdict],
    machine: list[tuple[str, str]],
    versions: list[tuple[str, str]],
) -> str:
    parts = [HEAD, "## Targets\n", targets(verdicts), PLOT]
    for case in cases:
        tables = [_sizes(case)] if case.sizes else [_table(case), _commands(case)]
        parts += [f"## {case.title}\n", f"{case.about}\n", *tables]
    more = [it for case in cases for it in case.versions.items()]
    parts += ["## Machine and programs\n", _pairs(machine + versions + more)]
    return "\n".join(parts)


def targets(verdicts: list[Verdict]) -> str:
    rows = [
        [it.claim, f"{it.direction} {it.bound:g}{it.unit}", "-" if value is None else f"{value:.3g}{it.unit}", verdict]
        for it, value, verdict in verdicts
    ]
    return _grid(["what", "target", "measured", "result"], rows, numbers=(1, 2))


def _table(case: Case) -> str:
    # memory of a client says nothing where the engine does the work, or where time ends before the process
    memory = case.name not in ("cycle", "start", "page")
    ours = case.rows[0]
    head = ["program", "median", "min", "max", "runs", "ratio to docktag"] + (["peak memory"] if memory else [])
    return _grid(head, [_cells(it, ours, memory) for it in case.rows if it.measured], numbers=range(1, 7)) + "".join(
        f"\nNot run: {it.name}: {it.reason}.\n" for it in case.rows if not it.measured
    )


def _sizes(case: Case) -> str:
    return _grid(["what", "bytes"], [[what, f"{size:,}"] for what, size in case.sizes.items()], numbers=(1,))


def _cells(row: Row, ours: Row, memory: bool) -> list[str]:
    ratio = f"{row.median / ours.median:.3g}x" if ours.measured else "-"
    cells = [row.name, _time(row.median), _time(row.fastest), _time(row.slowest), str(len(row.runs)), ratio]
    peak = ("" if row.peak_bytes > row.floor_bytes else "<= ") + _bytes(row.peak_bytes)
    return cells + ([peak] if memory else [])


def _commands(case: Case) -> str:
    lines = "\n".join(f"# {it.name}\n{it.contestant.shown}" for it in case.rows if it.contestant.shown)
    return f"<details><summary>commands</summary>\n\n```sh\n{lines.rstrip()}\n```\n\n</details>\n"


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return _grid(["", ""], [list(it) for it in pairs], numbers=())


def _grid(head: list[str], rows: list[list[str]], numbers) -> str:
    rule = ["---:" if i in numbers else "---" for i in range(len(head))]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [head, rule, *rows])


def _time(seconds: float) -> str:
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _bytes(count: int) -> str:
    return f"{count / MIB:.0f} MiB"
