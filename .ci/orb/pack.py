#!/usr/bin/env python3
"""Packs the CircleCI orb: one YAML file from a folder in the format of CircleCI's `circleci orb pack`.

    .ci/orb/pack.py FOLDER FILE        such as: .ci/orb/pack.py action/orb target/orb.yml

The YAML files at the top of FOLDER (`@orb.yml`) are the orb's own keys; every folder with YAML files in it is one key more, and
a file there is an entry, named like the file. `<<include(scripts/x.sh)>>` in a command, job or executor is that file's text.

Needs PyYAML: run it with the Python that `tests/tools.sh pyyaml` names, or `apt-get install python3-yaml`.
"""

import re
import sys
from pathlib import Path

try:
    import yaml
except ImportError:
    sys.exit("pack.py: PyYAML is missing: run it with the Python that `tests/tools.sh pyyaml` names, or `apt-get install python3-yaml`")

INCLUDE = re.compile(r"<<\s*include\(([-\w/.]+)\)\s*>>")
WITH_INCLUDES = ("commands", "executors", "jobs")


class Loader(yaml.SafeLoader):
    """YAML as CircleCI reads it; but a key given twice is an error instead of a silent choice."""


def mapping(loader, node):
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f'the key "{key}" is there twice', key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


class Dumper(yaml.SafeDumper):
    """Scripts stay readable."""


def text(dumper, value):
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value.rstrip("\n") else None)


Dumper.add_representer(str, text)


def pack(folder):
    orb = {}
    for file in sorted(folder.glob("*.yml")):
        orb.update(load(file))
    for section in sorted(entry for entry in folder.iterdir() if entry.is_dir()):
        entries = {file.stem: load(file) for file in sorted(section.glob("*.yml"))}
        if entries:
            orb[section.name] = entries
    for name in WITH_INCLUDES:
        if name in orb:
            orb[name] = include(orb[name], folder)
    return orb


def load(file):
    with file.open(encoding="utf-8") as stream:
        try:
            value = yaml.load(stream, Loader)
        except yaml.MarkedYAMLError as error:
            sys.exit(f"{file}:{error.problem_mark.line + 1}:{error.problem_mark.column + 1}: {error.problem}")
    if not isinstance(value, dict):
        sys.exit(f"{file}:1: is no map, expected keys and values")
    return value


def include(value, folder):
    if isinstance(value, dict):
        return {key: include(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [include(item, folder) for item in value]
    if isinstance(value, str):
        return INCLUDE.sub(lambda match: included(folder / match[1]), value)
    return value


def included(file):
    try:
        # `<<` begins a parameter in CircleCI's language; with a backslash it is what a shell reads.
        return file.read_text(encoding="utf-8").replace("<<", "\\<<")
    except OSError as error:
        sys.exit(f"{file}: {error.strerror}, expected the file of an include")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: pack.py FOLDER FILE")
    folder, file = map(Path, sys.argv[1:])
    orb = yaml.dump(pack(folder), Dumper=Dumper, sort_keys=True, width=1000, allow_unicode=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(orb, encoding="utf-8")


if __name__ == "__main__":
    main()
