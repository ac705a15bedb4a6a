"""How the time to read a project grows with its Compose files: docktag against itself on a fourth of each shape."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import contestants
from contestants import Setup
from measure import take_turns, warm_up
from results import Case, Contestant

COUNT = 400
CHAIN = 95  # files may include or extend one another 100 times in a row
INCLUDES = "includes"
# A shape writes a project, and returns the arguments that name its files.
Shape = Callable[[Path, int], list[str]]


def reading(setup: Setup) -> Case:
    about = (
        f"`docktag tag` of projects that differ in their Compose files only: {COUNT} of each kind, and a fourth of that. All services have one small Dockerfile. "
        "Files of one `-f` option each that change the same service are merged one after another into a growing service, as Compose does it; "
        f"a chain of files has {CHAIN} of them, and a fourth of that."
    )
    with tempfile.TemporaryDirectory(prefix="docktag-bench-") as folder:
        racing = [_tag(setup, Path(folder), name, count) for name in SHAPES for count in counts(name)]
        rows = warm_up(racing)
        take_turns(rows, setup.rounds)
    return Case("reading", "Compose files", about, rows)


def counts(name: str) -> tuple[int, int]:
    count = CHAIN if "in a chain" in name else COUNT
    return count // 4, count


def row(name: str, count: int) -> str:
    return f"{count} {name}"


def _tag(setup: Setup, folder: Path, name: str, count: int) -> Contestant:
    project = folder / row(name, count).replace(" ", "-").replace("`", "")
    project.mkdir()
    (project / "Dockerfile").write_text("FROM scratch\nCOPY file /\n")
    (project / "file").write_text("file\n")
    argv = [str(setup.binary), "tag", *SHAPES[name](project, count)]
    return Contestant(row(name, count), argv, project, contestants.environment(), "docktag tag")


def _service(index: int, more: str = "", context: str = ".") -> str:
    return f"  s{index}: {{image: example/s{index}, build: {context}, environment: {{A: '1', B: '2'}}{more}}}\n"


def _compose(project: Path, text: str, file: str = "compose.yaml") -> None:
    (project / file).write_text(text)


def _services(project: Path, count: int) -> list[str]:
    _compose(project, "services:\n" + "".join(_service(i) for i in range(count)))
    return []


def _includes(project: Path, count: int) -> list[str]:
    for i in range(count):
        (project / f"m{i}").mkdir()
        _compose(project, "services:\n" + _service(i, context=".."), f"m{i}/compose.yaml")
    _compose(project, "include:\n" + "".join(f"  - m{i}/compose.yaml\n" for i in range(count)))
    return []


def _includes_with_variables(project: Path, count: int) -> list[str]:
    (project / ".env").write_text("A=1\n" + "".join(f"V{i}=${{A}}\n" for i in range(10 * count)))
    return _includes(project, count)


def _included_chain(project: Path, count: int) -> list[str]:
    for i in range(count):
        _compose(project, (f"include: [i{i + 1}.yaml]\n" if i + 1 < count else "") + "services:\n" + _service(i), f"i{i}.yaml")
    return ["--file", "i0.yaml"]


def _files(project: Path, count: int) -> list[str]:
    for i in range(count):
        _compose(project, "services:\n" + _service(i), f"f{i}.yaml")
    return [it for i in range(count) for it in ("--file", f"f{i}.yaml")]


def _same_service(project: Path, count: int) -> list[str]:
    for i in range(count):
        _compose(project, f"services: {{s: {{image: example/s, build: {{context: ., args: {{A{i}: '1'}}}}}}}}\n", f"f{i}.yaml")
    return [it for i in range(count) for it in ("--file", f"f{i}.yaml")]


def _extends(project: Path, count: int) -> list[str]:
    _compose(project, "services:\n" + "".join(_service(i) for i in range(count)), "base.yaml")
    _compose(project, "services:\n" + "".join(f"  s{i}: {{extends: {{file: base.yaml, service: s{i}}}}}\n" for i in range(count)))
    return []


def _ends_of_a_chain(project: Path, count: int) -> list[str]:
    links = [f"  c{i}: {{extends: c{i + 1}, environment: {{E{i}: '1'}}}}\n" for i in range(90)]
    _compose(project, "services:\n" + "".join(links) + "  c90: {build: .}\n", "base.yaml")
    lines = [f"  s{i}: {{image: example/s{i}, extends: {{file: base.yaml, service: c0}}}}\n" for i in range(count)]
    _compose(project, "services:\n" + "".join(lines))
    return []


def _extended_chain(project: Path, count: int) -> list[str]:
    for i in range(count):
        base = f"extends: {{file: b{i + 1}.yaml, service: s}}" if i + 1 < count else "image: example/s, build: ."
        _compose(project, f"services: {{s: {{{base}, environment: {{E{i}: '1'}}}}}}\n", f"b{i}.yaml")
    return ["--file", "b0.yaml"]


def _anchors(project: Path, count: int) -> list[str]:
    shared = ", ".join(f"K{i}: v" for i in range(20))
    _compose(project, f"x-e: &e {{{shared}}}\nservices:\n" + "".join(_service(i, f", labels: {{<<: *e, X: '{i}'}}") for i in range(count)))
    return []


def _args(project: Path, count: int) -> list[str]:
    args = "".join(f"        - A{i}=${{V{i}:-x}}\n" for i in range(20 * count))
    _compose(project, f"services:\n  s:\n    image: example/s\n    build:\n      context: .\n      args:\n{args}")
    return []


def _variables(project: Path, count: int) -> list[str]:
    (project / ".env").write_text("A=1\n" + "".join(f"V{i}=${{A}}\n" for i in range(50 * count)))
    return _services(project, 1)


def _resets(project: Path, count: int) -> list[str]:
    _compose(project, "services:\n" + "".join(_service(i) for i in range(count)), "a.yaml")
    _compose(project, "services:\n" + "".join(f"  s{i}: {{environment: !reset null, image: example/t{i}}}\n" for i in range(count)), "b.yaml")
    return ["--file", "a.yaml", "--file", "b.yaml"]


SHAPES: dict[str, Shape] = {
    "services": _services,
    INCLUDES: _includes,
    "includes beside a `.env` of 10 variables for each": _includes_with_variables,
    "files that include the next, in a chain": _included_chain,
    "files with a service each": _files,
    "files that change the same service": _same_service,
    "services that extend those of one file": _extends,
    "services that extend the end of a chain of 90": _ends_of_a_chain,
    "files that extend the next, in a chain": _extended_chain,
    "services that merge an anchor": _anchors,
    "times 20 build arguments": _args,
    "times 50 variables in `.env`": _variables,
    "services that are changed by `!reset`": _resets,
}
# Each step of these works on what all steps before have made.
GROWING = ("files that change the same service", "files that include the next, in a chain", "files that extend the next, in a chain")
