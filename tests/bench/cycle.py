"""The warm cycle: all that a CI job does when the image is in the registry already, docktag against the recipe."""

import dataclasses
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import action
import contestants
import engine as engines
import machine
from contestants import Setup
from engine import Engine
from hashing import tag_by_hand
from measure import run_once, take_turns, warm_up
from results import Case, Contestant, Failed, Row, Run

DOCKTAG_LARGE = "docktag build, image of 200 MB"
DOCKTAG_SMALL = "docktag build, image of 20 MB"
DOCKTAG_COMPOSE = "docktag build from the Compose file alone, image of 200 MB"
ACTION = "docktag action, two images of 200 MB"
RECIPE_CLASSIC = "recipe, Compose v1, classic builder, 200 MB"
RECIPE_BUILDKIT = "recipe, Compose v2, BuildKit, 200 MB"
RECIPES = (RECIPE_CLASSIC, RECIPE_BUILDKIT)

# The data come from RUN, as packages do: the folder that is hashed stays small whatever the image weighs.
DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "dd", "if=/dev/urandom", "of=/data", "bs=1000000", "count={megabytes}"]
COPY app.txt /app.txt
"""
# The recipe's file. BuildKit makes no use of an image as cache unless it was built with this argument.
COMPOSE_FILE = """\
version: "3.2"
services:
  app:
    image: ${{DOCKER_IMAGE}}
    build:
      context: docker/dev
      {arguments}
      cache_from: ["${{DOCKER_IMAGE}}", "${{DOCKER_IMAGE_CI}}"]
    volumes: [".:/app"]
"""
SECOND_SERVICE = """\
  web:
    image: ${DOCKER_IMAGE}-web
    build:
      context: docker/dev
"""
INLINE_CACHE = 'args: ["BUILDKIT_INLINE_CACHE=1"]'
# Pulling in parallel is the default of both Compose versions, and the old option for it is refused or ignored.
RECIPE_JOB = r"""set -e
test -e docker-ci.md5 || find docker -type f -exec md5sum {{}} \; | LC_ALL=C sort -k 2 > docker-ci.md5
DOCKER_IMAGE_MD5=$(md5sum docker-ci.md5 | cut -d ' ' -f 1)
export DOCKER_IMAGE={image}:$DOCKER_IMAGE_MD5 DOCKER_IMAGE_CI={image}:ci
docker pull "$DOCKER_IMAGE_CI" || true
{compose} pull --ignore-pull-failures || true
{compose} build
docker tag "$DOCKER_IMAGE" "$DOCKER_IMAGE_CI"
{compose} push
"""


def cycle(setup: Setup) -> Case:
    about = (
        "The whole job when nothing has changed. The recipe starts on a fresh engine each time, as CI machines do, "
        "with the image in the registry built by its own lines; it takes what it needs from there."
    )
    case = Case("cycle", "Warm cycle with an engine and a registry on loopback", about, [])
    folder = Path(tempfile.mkdtemp(prefix="docktag-bench-"))
    try:
        print("bench: start an engine and a registry", file=sys.stderr)
        engine = engines.start(folder / "engine")
        case.versions = _versions(engine)
        case.rows = _race(setup, engine, folder)
    except Failed as why:
        names = (DOCKTAG_LARGE, DOCKTAG_SMALL, DOCKTAG_COMPOSE, ACTION, *RECIPES)
        case.rows = [Row(Contestant(it, [], folder, {}, ""), reason=str(why)) for it in names]
    finally:
        if (folder / "engine").exists():
            engines.wipe(folder / "engine")
        shutil.rmtree(folder, ignore_errors=True)
    return case


def _race(setup: Setup, engine: Engine, folder: Path) -> list[Row]:
    ours = [
        _docktag(setup, engine, folder / "docktag-200", DOCKTAG_LARGE, 200),
        _docktag(setup, engine, folder / "docktag-20", DOCKTAG_SMALL, 20),
        _compose(setup, engine, folder / "docktag-compose"),
        _action(setup, engine, folder / "action"),
    ]
    classic = {"COMPOSE_DOCKER_CLI_BUILD": "0", "DOCKER_BUILDKIT": "0"}
    recipes = [
        _recipe(engine, folder / "recipe-v1", RECIPE_CLASSIC, "docker-compose", "", classic),
        _recipe(engine, folder / "recipe-v2", RECIPE_BUILDKIT, "docker compose", INLINE_CACHE, {}),
    ]
    print("bench: " + "; ".join(it.name for it in ours + recipes), file=sys.stderr)
    rows = warm_up(ours + recipes)
    for _ in range(setup.rounds):
        take_turns(rows, 1)
        take_turns(rows[: len(ours)], 4)  # milliseconds: more of them cost nothing and steady the median
    return rows


def _docktag(setup: Setup, engine: Engine, project: Path, name: str, megabytes: int) -> Contestant:
    _make(engine, project, megabytes, "")
    repository = f"example/{project.name}"
    image = f"{engine.registry}/{repository}"
    argv = [str(setup.binary), "build", "--path", "docker", "--image", image]
    shown = f"docktag build --path docker --image REGISTRY/{repository}"
    return _warm(engine, Contestant(name, argv, project, engine.env, shown), repository, [""])


def _compose(setup: Setup, engine: Engine, project: Path) -> Contestant:
    """Without a folder that is named: the Compose file tells what counts."""
    _make(engine, project, 200, "")
    repository = f"example/{project.name}"
    argv = [str(setup.binary), "build", "--image", f"{engine.registry}/{repository}"]
    shown = f"docktag build --image REGISTRY/{repository}"

    def tag(of: Path) -> str:
        manifest = Contestant("manifest", [str(setup.binary), "manifest"], of, engine.env, "docktag manifest")
        return hashlib.md5(run_once(manifest).output.encode()).hexdigest()

    return _warm(engine, Contestant(DOCKTAG_COMPOSE, argv, project, engine.env, shown), repository, [""], tag)


def _action(setup: Setup, engine: Engine, project: Path) -> Contestant:
    """From the start of Node to its end."""
    _make(engine, project, 200, "")
    with open(project / "docker-compose.yml", "a") as file:
        file.write(SECOND_SERVICE)
    repository = f"example/{project.name}"
    inputs = {"command": "build", "path": "docker", "image": f"{engine.registry}/{repository}"}
    told = action.shown(inputs | {"image": f"REGISTRY/{repository}"})

    def program(node: Path) -> Contestant:
        cold = dataclasses.replace(action.contestant(ACTION, node, project, engine.env, inputs), shown=told)
        warm = _warm(engine, cold, repository, ["", "-web"])

        def check(run: Run) -> None:
            action.was_hit(run)
            warm.check(run)

        return dataclasses.replace(warm, check=check)

    return contestants.installed(setup, "node", ACTION, project, told, program)


def _warm(
    engine: Engine, cold: Contestant, repository: str, endings: list[str], tag_of: Callable[[Path], str] = tag_by_hand
) -> Contestant:
    """Built and pushed by docktag itself; after that each run must leave the registry as it was."""

    def images() -> list[engines.Manifest]:
        return [engines.read(engine, repository, tag + it) for it in endings]

    try:
        cold.before()
        run_once(cold)
        tag = tag_of(cold.cwd)
        built = images()
    except Failed as why:
        return contestants.left_out(cold, f"first build: {why}")

    def check(_run: Run) -> None:
        if images() != built:
            raise Failed("a hit replaced an image in the registry")

    return dataclasses.replace(cold, check=check)


def _recipe(engine: Engine, project: Path, name: str, compose: str, arguments: str, env: dict[str, str]) -> Contestant:
    """Built by the recipe's own lines; then both of its tags are put back before each run.

    The lines never push the moving tag, although later runs pull it: pushed here, as it was meant.
    Put back, because with BuildKit each hit pushes an image whose cache records have lost their layers, and the run
    after it would build all anew. A run that built all anew does not count: RUN makes other bytes, so it shows.
    """
    _make(engine, project, 200, arguments)
    repository = f"example/{project.name}"
    job = RECIPE_JOB.format(image=f"{engine.registry}/{repository}", compose=compose)
    shown = RECIPE_JOB.format(image=f"REGISTRY/{repository}", compose=compose)
    shown = " ".join([*(f"{key}={value}" for key, value in env.items()), "sh -c", f"'{shown}'"])
    warm = Contestant(name, ["sh", "-c", job], project, engine.env | env, shown)
    try:
        engines.fresh(engine)
        run_once(dataclasses.replace(warm, argv=["sh", "-c", job + 'docker push "$DOCKER_IMAGE_CI"\n']))
        built = {tag: engines.read(engine, repository, tag) for tag in (tag_by_hand(project), "ci")}
    except Failed as why:
        return contestants.left_out(warm, f"first build: {why}")

    def before() -> None:
        for tag, manifest in built.items():
            engines.write(engine, repository, tag, manifest)
        (project / "docker-ci.md5").unlink(missing_ok=True)
        engines.fresh(engine)

    def check(_run: Run) -> None:
        for tag, manifest in built.items():
            if engines.read(engine, repository, tag).layers != manifest.layers:
                raise Failed("built all anew, although nothing had changed")

    return dataclasses.replace(warm, before=before, check=check)


def _make(engine: Engine, project: Path, megabytes: int, arguments: str) -> None:
    context = project / "docker" / "dev"
    context.mkdir(parents=True)
    shutil.copy(engine.env["ENGINE_BUSYBOX"], context / "busybox")
    (context / "app.txt").write_text(f"{project.name}\n")
    (context / "Dockerfile").write_text(DOCKERFILE.format(megabytes=megabytes))
    (project / "docker-compose.yml").write_text(COMPOSE_FILE.format(arguments=arguments))


def _versions(engine: Engine) -> dict[str, str]:
    asked = {
        "Docker Engine": ["docker", "version", "--format", "{{.Server.Version}}"],
        "Compose v2": ["docker", "compose", "version", "--short"],
        "Compose v1": ["docker-compose", "version", "--short"],
    }
    found = {name: machine.first_line(argv, engine.env) for name, argv in asked.items()}
    return {name: version for name, version in found.items() if version}
