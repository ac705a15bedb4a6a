"""seeds.py TARGET FOLDER: what the fuzzer starts from, out of the recorded cases in tests/corpus."""

import json
import sys
from hashlib import sha256
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "corpus"


def cases(name):
    file = CORPUS / f"{name}.json"
    return json.loads(file.read_text())["cases"] if file.exists() else []


def seeds(target):
    match target:
        case "ignore":
            return [case["dockerignore"] for case in cases("dockerignore")]
        case "dockerfile":
            return [case["dockerfile"] for case in cases("dockerfile")]
        case "compose":
            return [text for case in cases("compose") for name, text in case["files"].items() if name.endswith((".yml", ".yaml"))]
        case "dotenv":
            return [text for case in cases("compose") for name, text in case["files"].items() if name.endswith(".env")]
        case "manifest":
            return ["900150983cd24fb0d6963f7d28e17f72  a\n", "# docktag 1\n# target x\n\\900150983cd24fb0d6963f7d28e17f72  a\\nb\n"]
        case "reference":
            return ["ghcr.io/acme/app:1.2", f"localhost:5000/a/b@sha256:{'0' * 64}", "acme/app:dev-900150983cd24fb0d6963f7d28e17f72"]
    return []


def main(target, folder):
    for seed in seeds(target):
        data = seed.encode("utf-8", "surrogateescape")
        (Path(folder) / sha256(data).hexdigest()[:16]).write_bytes(data)


main(*sys.argv[1:])
