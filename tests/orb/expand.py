#!/usr/bin/env python3
"""Expands a command or job of a packed orb to the steps that CircleCI would run.

    tests/orb/expand.py ORB NAME [KEY=VALUE]... [--json PARAMETERS] [--job] [--out FOLDER]

ORB is the packed orb (`.ci/orb/pack.py`), NAME a command of it, or with --job a job. KEY=VALUE is a parameter as YAML reads
the value; --json takes several as a JSON object. Printed is a JSON list of steps:

    {"name": ..., "environment": {...}, "command": ...}       a `run` step, with its other keys, such as "shell"
    {"builtin": "checkout", ...}                              a step of CircleCI's own

With --out every `run` step is also written to FOLDER/01.sh, 02.sh, ...: a script that does what CircleCI does, that is, sets
the step's environment and starts `bash -eo pipefail` with the command, and with $BASH_ENV read first. A step of CircleCI's own
has no file; its number is left out. So a test runs a whole command with:

    for step in FOLDER/*.sh; do BASH_ENV=FILE sh "$step" || break; done

What CircleCI refuses is an error here too: a missing, unknown or ill-typed parameter, an enum's other values, a parameter that is
used and not declared. The rules are those of CircleCI's "Reusable config reference".

Needs PyYAML: run it with the Python that `tests/tools.sh pyyaml` names.
"""

import argparse
import json
import re
import shlex
import sys
from pathlib import Path

import yaml

PARAMETER = re.compile(r"(?<!\\)<<\s*parameters\.([-\w]+)\s*>>")
LEFT = re.compile(r"(?<!\\)<<")
BUILTIN = ("checkout", "setup_remote_docker", "store_artifacts", "store_test_results", "persist_to_workspace", "attach_workspace",
           "save_cache", "restore_cache", "add_ssh_keys")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class OrbError(Exception):
    """What CircleCI would refuse."""


def expand(orb, name, given=None, job=False):
    """The steps of one command or job, with these parameters."""
    kind = "job" if job else "command"
    return call(orb, kind, find(orb, f"{kind}s", name), name, given or {})


def find(orb, section, name):
    try:
        return orb[section][name]
    except KeyError:
        raise OrbError(f"{section}: the orb has no `{name}`, expected one of {', '.join(orb.get(section, {}))}") from None


def call(orb, kind, definition, name, given):
    parameters = bind(orb, f"{kind} {name}", definition.get("parameters") or {}, given)
    place = f"{kind} {name}"
    if kind == "job":
        executor(orb, place, substitute(place, definition.get("executor"), parameters))
    return steps(orb, place, substitute(place, definition["steps"], parameters))


def bind(orb, place, declared, given):
    """Every declared parameter with its value, of the right type."""
    for name in given:
        if name not in declared:
            raise OrbError(f"{place}: unexpected parameter `{name}`, expected one of {', '.join(declared) or 'none'}")
    values = {}
    for name, rule in declared.items():
        if name not in given and "default" not in rule:
            raise OrbError(f"{place}: parameter `{name}` is missing, and has no default")
        values[name] = given.get(name, rule.get("default"))
        check(orb, f"{place}: parameter `{name}`", rule, values[name])
    return values


def check(orb, place, rule, value):
    kind = rule["type"]
    right = {
        "string": lambda: isinstance(value, str),
        "boolean": lambda: isinstance(value, bool),
        "integer": lambda: isinstance(value, int) and not isinstance(value, bool),
        "enum": lambda: isinstance(value, str) and value in rule["enum"],
        "env_var_name": lambda: isinstance(value, str) and VARIABLE.match(value),
        "executor": lambda: isinstance(value, (str, dict)) and executor(orb, place, value),
        "steps": lambda: isinstance(value, list),
    }
    if kind not in right:
        raise OrbError(f"{place} has the type {kind}, which does not exist")
    if not right[kind]():
        values = f" of {', '.join(rule['enum'])}" if kind == "enum" else ""
        raise OrbError(f"{place} is {json.dumps(value)}, expected the type {kind}{values}")


def executor(orb, place, value):
    name, given = (value, {}) if isinstance(value, str) else (value["name"], {k: v for k, v in value.items() if k != "name"})
    definition = find(orb, "executors", name)
    values = bind(orb, f"executor {name}", definition.get("parameters") or {}, given)
    return substitute(f"executor {name}", {key: item for key, item in definition.items() if key != "parameters"}, values)


def substitute(place, value, parameters):
    """A value that is nothing but a parameter becomes that parameter with its type; inside of a text it becomes text."""
    if isinstance(value, dict):
        return {substitute(place, key, parameters): substitute(place, item, parameters) for key, item in value.items()}
    if isinstance(value, list):
        return [item for element in value for item in spliced(element, substitute(place, element, parameters))]
    if not isinstance(value, str):
        return value

    def look_up(match):
        if match[1] not in parameters:
            raise OrbError(f"{place}: `{match[0]}` is used, but not declared")
        return parameters[match[1]]

    whole = PARAMETER.fullmatch(value)
    if whole:
        return look_up(whole)
    # Brackets that come in with a parameter's value are the user's and mean nothing.
    rest = LEFT.search(PARAMETER.sub("", value))
    if rest:
        raise OrbError(f"{place}: `{value[value.index('<<'):][:40]}` is no parameter; a shell's `<<` is written `\\<<`")
    return PARAMETER.sub(lambda match: as_text(look_up(match)), value).replace("\\<<", "<<")


def spliced(element, value):
    """A parameter of the type steps stands for all of its steps."""
    return value if isinstance(element, str) and PARAMETER.fullmatch(element) and isinstance(value, list) else [value]


def as_text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def steps(orb, place, listed):
    found = []
    for step in listed:
        name, body = (step, {}) if isinstance(step, str) else next(iter(step.items()))
        if name == "run":
            found.append(run(place, body))
        elif name in ("when", "unless"):
            if truth(place, body["condition"]) == (name == "when"):
                found += steps(orb, place, body["steps"])
        elif name in BUILTIN:
            found.append({"builtin": name, **(body or {})})
        else:
            found += call(orb, "command", find(orb, "commands", name), name, body or {})
    return found


def run(place, body):
    body = {"command": body} if isinstance(body, str) else dict(body)
    if "command" not in body:
        raise OrbError(f"{place}: a run step has no command")
    body.setdefault("name", body["command"].split("\n")[0])
    body["environment"] = {name: variable(value) for name, value in (body.get("environment") or {}).items()}
    return body


def variable(value):
    """In an environment, CircleCI writes true as 1 and false as 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def truth(place, condition):
    if isinstance(condition, dict):
        (name, operand), = condition.items()
        logic = {
            "and": lambda: all(truth(place, item) for item in operand),
            "or": lambda: any(truth(place, item) for item in operand),
            "not": lambda: not truth(place, operand),
            "equal": lambda: all(item == operand[0] for item in operand),
        }
        if name not in logic:
            raise OrbError(f"{place}: the condition `{name}` does not exist, expected one of {', '.join(logic)}")
        return logic[name]()
    return bool(condition)


def script(step):
    """A step as a file for `sh`."""
    lines = ["#!/bin/sh", f"# {step['name']}"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in step["environment"].items()]
    if "working_directory" in step:
        lines.append(f"cd {shlex.quote(step['working_directory'])} || exit")
    return "\n".join([*lines, f"exec {step.get('shell', 'bash -eo pipefail')} -c {shlex.quote(step['command'])}", ""])


def write(folder, listed):
    folder.mkdir(parents=True, exist_ok=True)
    for number, step in enumerate(listed, 1):
        if "command" in step:
            (folder / f"{number:02}.sh").write_text(script(step), encoding="utf-8")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("orb", type=Path)
    arguments.add_argument("name")
    arguments.add_argument("parameters", nargs="*", metavar="KEY=VALUE")
    arguments.add_argument("--json", type=json.loads, default={})
    arguments.add_argument("--job", action="store_true")
    arguments.add_argument("--out", type=Path)
    options = arguments.parse_intermixed_args()
    given = dict(options.json)
    for parameter in options.parameters:
        key, found, value = parameter.partition("=")
        if not found:
            sys.exit(f"expand.py: `{parameter}`: expected KEY=VALUE")
        given[key] = yaml.safe_load(value) if value else ""
    try:
        listed = expand(yaml.safe_load(options.orb.read_text(encoding="utf-8")), options.name, given, options.job)
    except OrbError as error:
        sys.exit(f"expand.py: {error}")
    if options.out:
        write(options.out, listed)
    json.dump(listed, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
