"""What docktag promises, as a table, and how each promise is read from the results."""

from collections.abc import Callable
from dataclasses import dataclass

import cycle
import growth
import hashing
import history
import page
import reading
import services
import sizes
from contestants import ACTION, B3SUM, CRYPTO_ALONE, DOCKTAG, FLOOR, FOLDER_HASH, HASH_FILES, MD5SUM, RECIPE, WASM_ALONE, XARGS_MD5SUM
from results import MIB, Case, Row

Cases = dict[str, Case]
AT_LEAST, AT_MOST = "at least", "at most"


class NotMeasured(Exception):
    """A row that this target needs has no result."""


@dataclass(frozen=True)
class Target:
    case: str
    claim: str
    direction: str
    bound: float
    unit: str
    read: Callable[[Cases], float]


def verdicts(cases: Cases) -> list[tuple[Target, float | None, str]]:
    """Target, measured value, and `met`, `missed` or `not measured`, for each case that was asked for."""
    return [_verdict(it, cases) for it in TARGETS if it.case in cases]


def _verdict(target: Target, cases: Cases) -> tuple[Target, float | None, str]:
    try:
        value = target.read(cases)
    except NotMeasured:
        return target, None, "not measured"
    good = value >= target.bound if target.direction == AT_LEAST else value <= target.bound
    return target, value, "met" if good else "missed"


def _times(case: str, name: str, ours: str = DOCKTAG) -> Callable[[Cases], float]:
    """How many times longer than ours that one takes."""
    return lambda cases: _row(cases, case, name).median / _row(cases, case, ours).median


def _milliseconds(case: str, name: str) -> Callable[[Cases], float]:
    return lambda cases: 1000 * _row(cases, case, name).median


def _seconds(case: str, name: str) -> Callable[[Cases], float]:
    return lambda cases: _row(cases, case, name).median


def _size(name: str) -> Callable[[Cases], float]:
    def read(cases: Cases) -> float:
        if name not in cases["size"].sizes:
            raise NotMeasured(name)
        return cases["size"].sizes[name] / 1000

    return read


def _row(cases: Cases, case: str, name: str) -> Row:
    row = cases[case].row(name)
    if not row:
        raise NotMeasured(name)
    return row


def _peak(case: str, name: str, unit: int) -> Callable[[Cases], float]:
    return lambda cases: _row(cases, case, name).peak_bytes / unit


def _more_than_md5sum(cases: Cases) -> float:
    return 1000 * (_row(cases, "small", DOCKTAG).median - _row(cases, "small", MD5SUM).median)


def _recipe_cycle(ours: str) -> Callable[[Cases], float]:
    def read(cases: Cases) -> float:
        recipes = [row for it in cycle.RECIPES if (row := cases["cycle"].row(it))]
        if not recipes:
            raise NotMeasured("recipe")
        return min(it.median for it in recipes) / _row(cases, "cycle", ours).median

    return read


def _image_size(cases: Cases) -> float:
    return _row(cases, "cycle", cycle.DOCKTAG_LARGE).median / _row(cases, "cycle", cycle.DOCKTAG_SMALL).median


def _services(name: str, other: str) -> Callable[[Cases], float]:
    return lambda cases: _row(cases, "services", name).median / _row(cases, "services", other).median


def _page(name: str) -> Callable[[Cases], float]:
    return lambda cases: _row(cases, "page", name).median / _row(cases, "page", ACTION).median


def _growth(shape: str) -> Callable[[Cases], float]:
    fewer, more = (reading.row(shape, count) for count in reading.counts(shape))
    return lambda cases: _row(cases, "reading", more).median / _row(cases, "reading", fewer).median


def _ignored(cases: Cases) -> float:
    return 1000 * (_row(cases, "services", services.IGNORED).median - _row(cases, "services", services.WITHOUT).median)


TARGETS = [
    Target("10k", "10,000 files: faster than the recipe", AT_LEAST, 150, "x", _times("10k", RECIPE)),
    Target("10k", "10,000 files: faster than `xargs -P md5sum`", AT_LEAST, 2, "x", _times("10k", XARGS_MD5SUM)),
    # As it is meant to be run: one process, which uses all cores by itself. Its faster `xargs -P` form stands in the table beside it.
    Target("10k", "10,000 files: faster than `b3sum`", AT_LEAST, 2.5, "x", _times("10k", B3SUM)),
    Target("10k", "10,000 files: longer than only reading them", AT_MOST, 1.3, "x", lambda cases: 1 / _times("10k", FLOOR)(cases)),
    Target("medium", "64 files of 16 MiB: faster than `xargs -P md5sum`", AT_LEAST, 3.5, "x", _times("medium", XARGS_MD5SUM)),
    Target("medium", "64 files of 16 MiB: longer than `b3sum`", AT_MOST, 1.3, "x", lambda cases: 1 / _times("medium", B3SUM)(cases)),
    Target("large", "4 files of 256 MiB: faster than `xargs -P md5sum`", AT_LEAST, 1.7, "x", _times("large", XARGS_MD5SUM)),
    Target("one", "1 file of 1 GiB: longer than `md5sum`", AT_MOST, 1, "x", lambda cases: 1 / _times("one", RECIPE)(cases)),
    Target("wasm", "wasm in Node, 64 files of 4 MiB: faster than Node's crypto", AT_LEAST, 3, "x", _times("wasm", CRYPTO_ALONE, WASM_ALONE)),
    Target("100k", "100,000 files: peak memory", AT_MOST, 64, " MiB", _peak("100k", DOCKTAG, MIB)),
    Target("100k", "100,000 files: longer than 10,000 of the same size", AT_MOST, 11, "x", _times("100k", DOCKTAG, hashing.DOCKTAG_TENTH)),
    Target("million", "1,000,000 tiny files: peak memory", AT_MOST, 256, " MiB", _peak("million", DOCKTAG, MIB)),
    Target("million", "1,000,000 tiny files: longer than 100,000", AT_MOST, 11, "x", _times("million", DOCKTAG, growth.TENTH)),
    Target("small", "20 files: longer than `md5sum` of them", AT_MOST, 5, " ms", _more_than_md5sum),
    Target("cycle", "warm cycle, image of 200 MB: faster than the recipe", AT_LEAST, 10, "x", _recipe_cycle(cycle.DOCKTAG_LARGE)),
    Target("cycle", "warm cycle: 200 MB against 20 MB", AT_MOST, 1.3, "x", _image_size),
    Target("10k", "action, 10,000 files: faster than `folder-hash`", AT_LEAST, 15, "x", _times("10k", FOLDER_HASH, ACTION)),
    Target("10k", "action, 10,000 files: faster than hashFiles", AT_LEAST, 30, "x", _times("10k", HASH_FILES, ACTION)),
    Target("10k", "action, 10,000 files: longer than docktag", AT_MOST, 2.5, "x", _times("10k", ACTION)),
    Target("100k", "action, 100,000 files: peak memory", AT_MOST, 150, " MB", _peak("100k", ACTION, 1_000_000)),
    Target("start", "action: from its start to the first request", AT_MOST, 100, " ms", _milliseconds("start", ACTION)),
    Target("cycle", "warm cycle, from the Compose file alone: faster than the recipe", AT_LEAST, 40, "x", _recipe_cycle(cycle.DOCKTAG_COMPOSE)),
    Target("services", "100 services on 20,000 files: longer than one", AT_MOST, 1.5, "x", _services(services.HUNDRED, services.ONE)),
    Target("services", "100,000 ignored files: cost", AT_MOST, 10, " ms", _ignored),
    Target("cycle", "action, warm cycle with two images", AT_MOST, 300, " ms", _milliseconds("cycle", cycle.ACTION)),
    Target("cycle", "action, warm cycle: faster than the recipe", AT_LEAST, 10, "x", _recipe_cycle(cycle.ACTION)),
    Target("reading", f"{reading.COUNT} includes", AT_MOST, 500, " ms", _milliseconds("reading", reading.row(reading.INCLUDES, reading.COUNT))),
    *(Target("reading", f"{reading.COUNT} {it}: longer than {reading.COUNT // 4}", AT_MOST, 6, "x", _growth(it)) for it in reading.SHAPES if it not in reading.GROWING),
    Target("history", "backtest of 200 commits of 20,000 files", AT_MOST, 10, " s", _seconds("history", history.NAME)),
    Target("page", "page, 10,000 files dropped: longer than the action", AT_MOST, 3, "x", _page(page.DROPPED)),
    Target("page", "page, 10,000 files in an archive: longer than the action", AT_MOST, 3, "x", _page(page.ARCHIVE)),
    Target("size", "action: download", AT_MOST, 700, " kB", _size(sizes.DOWNLOAD)),
    Target("size", "first wasm", AT_MOST, 400, " kB", _size(sizes.FIRST)),
    Target("size", "first wasm, gzipped", AT_MOST, 250, " kB", _size(sizes.FIRST_GZIPPED)),
]
