"""How time grows with the number of files: the same kind of tree in sizes of powers of ten, and a million files of nearly nothing."""

import contestants
import trees
from contestants import DOCKTAG, FLOOR, FLOOR_IN_NODE, Setup
from hashing import LIMIT, project_folder, race, unless_slow
from results import Case, Row

TENTH = f"{DOCKTAG}, a tenth of them"
COUNTS = (10, 100, 1_000, 10_000, 100_000)


def growth(setup: Setup, ten_thousand: Case | None) -> list[Case]:
    """A case for each size; who would be slow at one is not started there. That of 10,000 files, which has the same tree, is not measured twice."""
    cases: list[Case] = []
    for count in COUNTS:
        if count == 10_000 and ten_thousand:
            rows = [row for row in ten_thousand.rows if row.name not in (FLOOR, FLOOR_IN_NODE)]
            cases.append(_case(count, rows))
            continue
        with project_folder() as project:
            trees.many_files(project, count, 5_400)
            earlier = cases[-1] if cases else None
            racing = [unless_slow(it, earlier, count // 10) for it in contestants.everyone(setup, project, count)]
            rows = race(racing, min(2, setup.rounds), LIMIT)
        cases.append(_case(count, rows))
    return cases


def _case(count: int, rows: list[Row]) -> Case:
    return Case(f"growth-{count}", f"{count:,} files of 5.4 kB", "For the plot.", rows)


def million(setup: Setup) -> Case:
    with project_folder() as folder:
        project, tenth = folder / "all", folder / "tenth"
        trees.tiny_files(project, 1_000_000)
        trees.tiny_files(tenth, 100_000)
        rows = race([contestants.docktag(setup, project), contestants.docktag(setup, tenth, TENTH)], min(2, setup.rounds))
    return Case("million", "1,000,000 files of 0 to 3 bytes", "A list of so many names, and next to nothing in them.", rows)
