#!/usr/bin/env python3
"""Writes what a program was made of, as a CycloneDX 1.6 bill of materials: every crate in it, with its licence and the digest of its source.

    .ci/release/sbom.py TARGET FILE        such as: .ci/release/sbom.py x86_64-unknown-linux-musl docktag.cdx.json

The crates are those that cargo builds into the program for that target; what only builds or tests it is not in it (but for
macros, which are dependencies as others are). The same sources
give the same bytes: no time, no number by chance.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def metadata(target):
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def used(resolve):
    """What each package that is in the program depends on, by their ids; the program itself comes first."""
    nodes = {node["id"]: node for node in resolve["nodes"]}
    found, todo = {}, [resolve["root"]]
    while todo:
        name = todo.pop(0)
        if name in found:
            continue
        # A dependency's kind is null, "build" or "dev".
        needs = [it["pkg"] for it in nodes[name]["deps"] if any(kind["kind"] is None for kind in it["dep_kinds"])]
        found[name] = sorted(needs)
        todo += found[name]
    return found


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, digests):
    entry = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(package),
    }
    if digest := digests.get((package["name"], package["version"])):
        entry["hashes"] = [{"alg": "SHA-256", "content": digest}]
    if package["license"]:
        # Older crates write a slash for `or`.
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ").replace("  ", " ")}]
    return entry


def bill(facts, lock, target):
    packages = {package["id"]: package for package in facts["packages"]}
    digests = {(it["name"], it["version"]): it.get("checksum") for it in lock["package"]}
    found = used(facts["resolve"])
    own = facts["resolve"]["root"]
    parts = sorted((component(packages[name], digests) for name in found if name != own), key=lambda part: part["bom-ref"])
    program = {**component(packages[own], digests), "type": "application", "properties": [{"name": "target", "value": target}]}
    depends = [{"ref": purl(packages[name]), "dependsOn": [purl(packages[it]) for it in needs]} for name, needs in found.items()]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": program},
        "components": parts,
        "dependencies": sorted(depends, key=lambda it: it["ref"]),
    }


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: sbom.py TARGET FILE")
    target, file = sys.argv[1:]
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    text = json.dumps(bill(metadata(target), lock, target), indent=1)
    Path(file).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
