"""The cases of projects whose Compose files tell what counts: docktag against itself."""

import tempfile
from pathlib import Path

import contestants
import trees
from contestants import Setup
from measure import take_turns, warm_up
from results import Case, Contestant

ONE = "one service on 20,000 files"
HUNDRED = "100 services on the same files"
WITHOUT = "one service, nothing ignored"
IGNORED = "the same beside 100,000 files that are ignored"


def services(setup: Setup) -> Case:
    about = (
        "`docktag tag` of whole projects, which starts neither Compose nor an engine. Each of the 100 services copies a folder of its own and one that they share; "
        "the one service copies everything. No peer does this: those that read Dockerfiles take the whole context, or ask Compose."
    )
    with tempfile.TemporaryDirectory(prefix="docktag-bench-") as folder:
        project = Path(folder)
        trees.many_files(project / "many", 20_000, 2_000)
        one = _one(project / "many", "one.yaml")
        racing = [_tag(setup, project / "many", ONE, one), _tag(setup, project / "many", HUNDRED, _hundred(project / "many"))]
        trees.many_files(project / "plain", 1_000, 2_000)
        trees.many_files(project / "beside", 1_000, 2_000)
        trees.many_files(project / "modules", 100_000, 20)
        (project / "modules" / "docker").rename(project / "beside" / "node_modules")
        (project / "beside" / ".dockerignore").write_text("node_modules\n")
        racing += [_tag(setup, project / it, name, _one(project / it, "compose.yaml")) for it, name in (("plain", WITHOUT), ("beside", IGNORED))]
        rows = warm_up(racing)
        take_turns(rows, setup.rounds)
        take_turns(rows[2:], 4 * setup.rounds)  # milliseconds: more of them cost nothing and steady the median
    return Case("services", "Projects with Compose files", about, rows)


def _tag(setup: Setup, project: Path, name: str, file: str) -> Contestant:
    argv = [str(setup.binary), "tag", "--file", file]
    return Contestant(name, argv, project, contestants.environment(), f"docktag tag --file {file}")


def _one(project: Path, file: str) -> str:
    (project / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (project / file).write_text("services: {app: {image: example/app, build: .}}\n")
    return file


def _hundred(project: Path) -> str:
    """20 folders of 1,000 files each: a service copies one half of a folder, and all copy the first group of the first."""
    lines = ["services:"]
    (project / "services").mkdir()
    for i in range(100):
        dockerfile = f"services/{i:03}.Dockerfile"
        part, groups = f"docker/part-{i % 20:03}", [f"group-{i // 20 * 4 + it:02}" for it in range(4)]
        copies = [f"COPY {part}/{it} /app/{it}" for it in groups]
        (project / dockerfile).write_text("\n".join(["FROM scratch", "COPY docker/part-000/group-00 /shared", *copies, ""]))
        lines += [f"  service{i}:", f"    image: example/service{i}", f"    build: {{context: ., dockerfile: {dockerfile}}}"]
    (project / "hundred.yaml").write_text("\n".join([*lines, ""]))
    return "hundred.yaml"
