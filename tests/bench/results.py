"""What is run, and what came out of it, as plain data."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20


class Failed(Exception):
    """A contestant that gave no usable result; the text says why."""


@dataclass(frozen=True)
class Run:
    seconds: float
    peak_bytes: int
    floor_bytes: int  # a peak at or below this one is not known exactly
    output: str
    started: float  # on the clock of time.perf_counter, which all processes share


def nothing() -> None:
    """The default of `before`: most contestants need no preparation."""


def whole(run: Run) -> Run:
    """The default of `read`: the time until the end, and what went to standard output."""
    return run


def anything(_run: Run) -> None:
    """The default of `check`: peers with a hash of their own have no answer to compare."""


@dataclass(frozen=True)
class Contestant:
    name: str
    argv: list[str]
    cwd: Path
    env: dict[str, str]
    shown: str  # what the report prints as its command
    before: Callable[[], None] = nothing  # not timed
    read: Callable[[Run], Run] = whole  # raises Failed
    check: Callable[[Run], None] = anything  # raises Failed
    left_out: str = ""  # the reason why it is listed only, never started


@dataclass
class Row:
    """One contestant's results; `reason` says why there are none."""

    contestant: Contestant
    first: Run | None = None
    runs: list[Run] = field(default_factory=list)
    reason: str = ""

    @property
    def name(self) -> str:
        return self.contestant.name

    @property
    def measured(self) -> bool:
        return bool(self.runs) and not self.reason

    @property
    def median(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def fastest(self) -> float:
        return min(run.seconds for run in self.runs)

    @property
    def slowest(self) -> float:
        return max(run.seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        return max(run.peak_bytes for run in self.runs)

    @property
    def floor_bytes(self) -> int:
        return max(run.floor_bytes for run in self.runs)


@dataclass
class Case:
    """The results of one test tree, or of the warm cycle; the first row is docktag. Or sizes, which need no run."""

    name: str
    title: str
    about: str
    rows: list[Row]
    versions: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)  # bytes

    def row(self, name: str) -> Row | None:
        return next((it for it in self.rows if it.name == name and it.measured), None)
