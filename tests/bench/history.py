"""The case of a backtest: 200 commits of a repository with 20,000 files."""

import random
import subprocess
import tempfile
from pathlib import Path

import contestants
from contestants import Setup
from measure import take_turns, warm_up
from results import Case, Contestant

FILES, COMMITS = 20_000, 200
NAME = f"docktag backtest, {COMMITS} commits"
SERVICES = ("app", "worker", "site")


def history(setup: Setup) -> Case:
    about = (
        f"`docktag backtest` of a repository with {FILES:,} files and three services, of which each commit changes one to three files. "
        "No peer does this; to find the same by hand is a checkout and a `docktag tag` for each commit."
    )
    with tempfile.TemporaryDirectory(prefix="docktag-bench-") as folder:
        project = Path(folder)
        _repository(project)
        argv = [str(setup.binary), "backtest", "-n", str(COMMITS)]
        rows = warm_up([Contestant(NAME, argv, project, contestants.environment(), f"docktag backtest -n {COMMITS}")])
        take_turns(rows, setup.rounds)
    return Case("history", "A backtest", about, rows)


def _repository(project: Path) -> None:
    """Made by `git fast-import`, since 200 ordinary commits of so many files take minutes."""
    numbers = random.Random(7)
    files = {"compose.yaml": "services:\n" + "".join(f"  {it}: {{build: {it}, image: example/{it}}}\n" for it in SERVICES)}
    for it in SERVICES:
        files[f"{it}/Dockerfile"] = "FROM scratch\nCOPY src /src\n"
    names = [f"{SERVICES[i % 3]}/{('src', 'src', 'tests')[i % 7 % 3]}/part-{i % 97:02}/file-{i:05}.txt" for i in range(FILES)]
    files |= {name: f"{name}\n" * numbers.randint(1, 100) for name in names}
    stream = [_commit(1, files)]
    for i in range(COMMITS):
        stream.append(_commit(i + 2, {name: f"{name} {i}\n" for name in numbers.sample(names, numbers.randint(1, 3))}))
    subprocess.run(["git", "init", "-q", "-b", "main", str(project)], check=True)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=project, input="".join(stream).encode(), check=True)


def _commit(number: int, files: dict[str, str]) -> str:
    lines = [f"commit refs/heads/main\ncommitter bench <bench@example.com> {1_700_000_000 + number} +0000\ndata 1\nx\n"]
    for name, text in files.items():
        lines.append(f"M 100644 inline {name}\ndata {len(text)}\n{text}\n")
    return "".join(lines)
