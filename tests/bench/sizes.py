"""What a runner or a browser fetches, in bytes."""

import gzip
import subprocess
from pathlib import Path

from results import Case, Contestant, Failed, Row

ROOT = Path(__file__).resolve().parent.parent.parent
DOWNLOAD = "the action: `action.yml`, `action/*.js`, `action/package.json`, `pkg/`"
WASM = "`pkg/docktag_bg.wasm`"
WASM_GZIPPED = "`pkg/docktag_bg.wasm`, `gzip -9`"


def sizes() -> Case:
    case = Case("size", "Sizes", "Files that git has, as they are here: a runner fetches an action by its commit.", [])
    try:
        case.sizes = _found(_tracked("action.yml", "action", "pkg"))
    except Failed as why:
        case.rows = [Row(Contestant("sizes", [], ROOT, {}, ""), reason=str(why))]
    return case


def _found(files: list[Path]) -> dict[str, int]:
    needed = [it for it in files if it.parts[0] != "action" or it.suffix == ".js" or it.name == "package.json"]
    wasm = (ROOT / "pkg" / "docktag_bg.wasm").read_bytes()
    return {
        DOWNLOAD: _bytes(needed),
        "the same with all that is in `action/`, the orb's sources too": _bytes(files),
        WASM: len(wasm),
        WASM_GZIPPED: len(gzip.compress(wasm, 9, mtime=0)),
    }


def _tracked(*names: str) -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z", "--", *names], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"git cannot list the action's files: {done.stderr.strip().splitlines()[0]}")
    return [Path(it) for it in done.stdout.split("\0") if it]


def _bytes(files: list[Path]) -> int:
    return sum((ROOT / it).stat().st_size for it in files)
