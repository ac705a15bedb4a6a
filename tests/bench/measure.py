"""Time whole processes: one run, and rounds in which the contestants take turns."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from results import Contestant, Failed, Row, Run

LAUNCHER = Path(__file__).resolve().parent / "launch.py"


def warm_up(contestants: list[Contestant], limit: int = 0) -> list[Row]:
    """Run each once, so that the page cache is warm for all; who fails or needs longer than `limit` is out."""
    rows = [Row(it, reason=it.left_out) for it in contestants]
    for row in rows:
        row.first = _attempt(row, limit)
    return rows


def take_turns(rows: list[Row], rounds: int) -> None:
    """Round 1 of all, then round 2 of all: a machine that slows down for a while slows all of them.

    Each round starts with another contestant, so that nobody always follows the same neighbour.
    """
    for start in range(rounds):
        for i in range(len(rows)):
            row = rows[(start + i) % len(rows)]
            run = _attempt(row, 0)
            if run:
                row.runs.append(run)


def run_once(contestant: Contestant, limit: int = 0) -> Run:
    """Start the process, wait for its end, and give time, peak memory and standard output."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as results:
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(results.fileno()), str(limit)]
        process = subprocess.Popen(
            launcher + contestant.argv,
            cwd=contestant.cwd,
            env=contestant.env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            pass_fds=[results.fileno()],
            # a session of its own, so that a pipeline can be ended as a whole
            start_new_session=True,
        )
        try:
            status = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if limit and status == -signal.SIGKILL:
            raise Failed(f"takes more than {limit} s")
        if status != 0:
            raise Failed(f"exit {status}: {_last_line(err) or _last_line(out) or 'no message'}")
        seconds, peak, floor, started = _text(results).split()
        return Run(float(seconds), int(peak), int(floor), _text(out), float(started))


def _attempt(row: Row, limit: int) -> Run | None:
    if row.reason:
        return None
    try:
        row.contestant.before()
        run = row.contestant.read(run_once(row.contestant, limit))
        row.contestant.check(run)
        return run
    except (Failed, OSError) as why:
        row.reason = str(why)
        return None


def _text(file) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _last_line(file) -> str:
    lines = _text(file).strip().splitlines()
    return lines[-1].strip() if lines else ""
