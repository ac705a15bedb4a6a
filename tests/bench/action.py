"""The GitHub action as the runner starts it: `node action/main.js`, with the variables and the files that a runner has."""

import dataclasses
import shutil
from pathlib import Path

from results import Contestant, Failed, Run

ROOT = Path(__file__).resolve().parent.parent.parent
MAIN = ROOT / "action" / "main.js"
FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")


def contestant(name: str, node: Path, project: Path, env: dict[str, str], inputs: dict[str, str]) -> Contestant:
    """Its standard output is the log; what counts are the outputs that later steps see."""
    runner = project / "runner"
    variables = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(project), "RUNNER_TEMP": str(runner)}
    variables |= {it: str(runner / it) for it in FILES}
    variables |= {f"INPUT_{key.upper()}": value for key, value in inputs.items()}

    def before() -> None:
        shutil.rmtree(runner, ignore_errors=True)
        runner.mkdir(parents=True)
        for it in FILES:
            (runner / it).touch()

    def read(run: Run) -> Run:
        return dataclasses.replace(run, output=(runner / "GITHUB_OUTPUT").read_text())

    return Contestant(name, [str(node), str(MAIN)], project, env | variables, shown(inputs), before, read)


def shown(inputs: dict[str, str]) -> str:
    pairs = ", ".join(f"{key}: {value}" for key, value in inputs.items())
    return f"node action/main.js, as the runner starts it, with {pairs}"


def was_hit(run: Run) -> None:
    if "hit=true" not in run.output.splitlines():
        raise Failed(f"was no hit: {run.output.strip()}")
