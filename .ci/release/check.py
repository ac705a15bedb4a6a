#!/usr/bin/env python3
"""Checks that all parts of a release say the same version; prints what CHANGELOG says of it, for the release's page.

    .ci/release/check.py TAG [--notes FILE]        such as: .ci/release/check.py v0.1.0

TAG is the git tag, `v` and the version. Compared are Cargo.toml, Cargo.lock, pkg/package.json, CHANGELOG.md (which must not call the
version unreleased) and the orb, which installs its own version.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read(root, name):
    return (root / name).read_text(encoding="utf-8")


def of_crate(text):
    return tomllib.loads(text)["package"]["version"]


def of_lock(text):
    return next(package["version"] for package in tomllib.loads(text)["package"] if package["name"] == "docktag")


def of_package(text):
    return json.loads(text)["version"]


def of_setup(text):
    return re.search(r"^  version:\n(?:    .*\n)*?    default: (\S+)$", text, re.M)[1]


def of_example(text):
    return re.search(r"docktag/docktag@(\S+)", text)[1]


def places(root):
    """Every file that names the version of this project, and how to find it there."""
    examples = sorted(file.relative_to(root).as_posix() for file in (root / "action/orb/examples").glob("*.yml"))
    fixed = {"Cargo.toml": of_crate, "Cargo.lock": of_lock, "pkg/package.json": of_package, "action/orb/commands/setup.yml": of_setup}
    return {**fixed, **dict.fromkeys(examples, of_example)}


def notes(root, version):
    """The section of CHANGELOG, or None."""
    sections = re.split(r"^## ", read(root, "CHANGELOG.md"), flags=re.M)[1:]
    for section in sections:
        title, _, text = section.partition("\n")
        if title.split()[0] == version:
            return None if "unreleased" in title else text.strip() + "\n"
    return None


def faults(root, tag):
    match = re.fullmatch(r"v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)", tag)
    if not match:
        return [f'tag: "{tag}" is none of a release, expected one such as v0.1.0']
    found = []
    for name, version_of in places(root).items():
        try:
            version = version_of(read(root, name))
        except FileNotFoundError:
            found.append(f"{name}: is missing")
            continue
        if version != match[1]:
            found.append(f"{name}: the version is {version}, expected {match[1]}")
    if notes(root, match[1]) is None:
        found.append(f"CHANGELOG.md: has no section `## {match[1]} (DATE)`, expected one with the date in place of `unreleased`")
    return found


def main():
    arguments = sys.argv[1:]
    file = arguments.pop() if len(arguments) == 3 and arguments[1] == "--notes" else None
    if len(arguments) != (2 if file else 1):
        sys.exit("usage: check.py TAG [--notes FILE]")
    found = faults(ROOT, arguments[0])
    if found:
        sys.exit("\n".join(found))
    if file:
        Path(file).write_text(notes(ROOT, arguments[0][1:]), encoding="utf-8")


if __name__ == "__main__":
    main()
