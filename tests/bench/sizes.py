"""What a runner or a browser fetches, in bytes."""

import gzip
import io
import subprocess
import tarfile
from pathlib import Path

from results import Case, Contestant, Failed, Row

ROOT = Path(__file__).resolve().parent.parent.parent
# A runner fetches the repository at the action's commit, packed (actions/runner, ActionManager.cs, DownloadRepositoryActionAsync).
DOWNLOAD = "the action as `.tar.gz`: `action.yml`, `action/`, `pkg/`"
NEEDED = "the same files, unpacked"
REPOSITORY = "the whole repository as `.tar.gz`, which is what a runner fetches"
FIRST = "`pkg/docktag_bg.wasm`"
FIRST_GZIPPED = "`pkg/docktag_bg.wasm`, `gzip -9`"
REST = "`pkg/docktag_rest.wasm`"
REST_GZIPPED = "`pkg/docktag_rest.wasm`, `gzip -9`"


def sizes() -> Case:
    about = "Files that git has, as they are here."
    case = Case("size", "Sizes", about, [])
    try:
        case.sizes = _found(_tracked("action.yml", "action", "pkg"), _tracked())
    except Failed as why:
        case.rows = [Row(Contestant("sizes", [], ROOT, {}, ""), reason=str(why))]
    return case


def _found(needed: list[Path], every: list[Path]) -> dict[str, int]:
    first, rest = (ROOT / "pkg" / f"docktag_{it}.wasm" for it in ("bg", "rest"))
    return {
        DOWNLOAD: _packed(needed),
        NEEDED: sum((ROOT / it).stat().st_size for it in needed),
        REPOSITORY: _packed(every),
        FIRST: first.stat().st_size,
        FIRST_GZIPPED: _gzipped(first),
        REST: rest.stat().st_size,
        REST_GZIPPED: _gzipped(rest),
    }


def _tracked(*names: str) -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z", "--", *names], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"git cannot list the files: {done.stderr.strip().splitlines()[0]}")
    return [Path(it) for it in done.stdout.split("\0") if it]


def _packed(files: list[Path]) -> int:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for it in files:
            archive.add(ROOT / it, it)
    return out.tell()


def _gzipped(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 9, mtime=0))
