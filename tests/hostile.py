#!/usr/bin/env python3
"""Runs docktag on input that somebody made to hurt: at a size and at four times that size.

    tests/hostile.py PROGRAM [CASE...]       the right result, whatever the time

With DOCKTAG_TORTURE=minutes (or hours) the figures for docs/reliability.md are written: no case takes more than a second of the processor or
256 MiB, and four times the size takes at most six times as long (n log n, and something for a machine that does other things). PROGRAM has to
be a release build then.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECOND, MEMORY, FACTOR = 1.0, 256 * 1024, 6.0
# Below that, what a process needs to start is most of the time.
LITTLE = 0.08
COMPOSE = "services: {app: {image: a.example/b, build: {context: ., args: {GIVEN: '1'}}}}\n"
OK = (0, "a.example/b:")


def project(dockerfile, compose=COMPOSE, **files):
    return {"compose.yaml": compose, "Dockerfile": dockerfile, "a": "a\n", **{name.replace("__", "."): text for name, text in files.items()}}


# Lines have at most 64 KiB, and can go on.
GO_ON = " \\\n"


def repeat(count, line, separator=""):
    """`line` with the number in it, so often."""
    return separator.join(line(number) for number in range(count))


# Each: what is in the folder at size n, the arguments, and the result: the exit code and a text of what is said.
def heredocs(n):
    return project("FROM scratch\n" + repeat(n, lambda i: f"COPY <<E{i} /e{i}\nx ${{GIVEN}}\nE{i}\n")), ["tag"], OK


def heredocs_of_one_line(n):
    return project(f"FROM scratch\nCOPY {repeat(n, lambda i: f'<<E{i} ', GO_ON)} /e/\n" + repeat(n, lambda i: f"x\nE{i}\n")), ["tag"], OK


def heredoc_without_end(n):
    return project("FROM scratch\nRUN <<E\n" + "<<E\n" * n), ["tag"], (2, "Dockerfile:")


def arguments(n):
    return project("FROM scratch\n" + repeat(n, lambda i: f"ARG A{i}=${{A{i - 1}}}\n") + "COPY a /\n"), ["tag"], OK


def arguments_of_one_line(n):
    return project("FROM scratch\nARG " + repeat(n, lambda i: f"A{i}=x ", GO_ON) + "\nCOPY a /\n"), ["tag"], OK


def arguments_that_grow(n):
    return project("FROM scratch\n" + "ARG A=x\n" + "ARG A=${A}x\n" * n + "COPY a /\n"), ["tag"], (2, "all words become longer than")


def arguments_that_double(n):
    return project("FROM scratch\nARG A=x\n" + "ARG A=$A$A\n" * n + "COPY $A /\n"), ["tag"], None


def variables_that_double(n):
    return project("FROM scratch\nENV A=x\n" + "ENV A=$A$A\n" * n + "COPY $A /\n"), ["tag"], None


def stages(n):
    return project("FROM scratch AS s0\nCOPY a /\n" + repeat(n, lambda i: f"FROM s{i} AS s{i + 1}\nCOPY a /\n")), ["tag"], OK


def stages_that_copy(n):
    return project("FROM scratch AS s0\nCOPY a /\n" + repeat(n, lambda i: f"FROM scratch AS s{i + 1}\nCOPY --from=s{i} /a /\n")), ["tag"], OK


def stages_with_arguments(n):
    return project("FROM scratch AS s0\n" + repeat(n, lambda i: f"FROM s{i} AS s{i + 1}\nARG A{i}=1\nENV B{i}=$A{i}\n") + "COPY a /\n"), ["tag"], None


def sources(n):
    return project(f"FROM scratch\nCOPY {repeat(n, lambda i: 'a ', GO_ON)} /x/\n"), ["tag"], OK


def sources_that_are_missing(n):
    return project(f"FROM scratch\nCOPY {repeat(n, lambda i: f'a{i}* ', GO_ON)} a /x/\n"), ["tag"], OK


def sources_above(n):
    return project(f"FROM scratch\nCOPY {repeat(n, lambda i: '../', chr(92) + chr(10))}a /x\n"), ["tag"], OK


def mounts(n):
    return project("FROM scratch\nRUN " + repeat(n, lambda i: "--mount=type=bind,source=a,target=/a ", GO_ON) + "true\n"), ["tag"], OK


def a_long_line(n):
    return project(f"FROM scratch\nRUN {'x' * n}\nCOPY a /\n"), ["tag"], (2, "a line of more than 65535 bytes")


def lines_that_go_on(n):
    return project("FROM scratch\nRUN x" + " \\\n# c\n x" * n + "\nCOPY a /\n"), ["tag"], OK


def braces(n):
    return project(f"FROM scratch\nARG A={'${B:-' * n}{'}' * n}\nCOPY a /\n"), ["tag"], None


def stars(n):
    return project(f"FROM scratch\nCOPY {'*a' * n}b? a /\n", **{"a" * 200: "x"}), ["tag"], OK


def ignore_lines(n):
    files = {f"f{i}": "" for i in range(100)}
    return project("FROM scratch\nCOPY . /\n", __dockerignore=repeat(n, lambda i: f"x{i}/*.go\n!x{i}/y\n"), **files), ["tag"], OK


def ignore_above(n):
    return project("FROM scratch\nCOPY . /\n", __dockerignore=("../" * 20_000 + "a\n") * n), ["tag"], OK


def ignore_stars(n):
    return project("FROM scratch\nCOPY . /\n", __dockerignore="**/" * n + "b\n" + "*a" * n + "b\n", **{"a" * 200: "x"}), ["tag"], OK


def ignore_folders(n):
    return project("FROM scratch\nCOPY . /\n", __dockerignore="*\n!" + "d/" * n + "x\n!a\n"), ["tag"], OK


def anchors(n):
    bomb = "x-0: &a0 [x, x, x, x, x, x, x, x, x]\n" + repeat(n, lambda i: f"x-{i + 1}: &a{i + 1} [{f'*a{i}, ' * 9}]\n")
    return project("FROM scratch\nCOPY a /\n", bomb + COMPOSE), ["tag"], (2, "compose.yaml")


def aliases(n):
    return project("FROM scratch\nCOPY a /\n", "x-a: &a [x]\nx-b: [" + "*a, " * n + "]\n" + COMPOSE), ["tag"], OK


def merges(n):
    return project("FROM scratch\nCOPY a /\n", "x-0: &a0 {k: v}\n" + repeat(n, lambda i: f"x-{i + 1}: &a{i + 1} {{<<: *a{i}, k{i}: v}}\n") + COMPOSE), ["tag"], None


def brackets(n):
    return project("FROM scratch\nCOPY a /\n", "x-a: " + "[" * n + "]" * n + "\n" + COMPOSE), ["tag"], (2, "compose.yaml")


def services(n):
    return project("FROM scratch\nCOPY a /\n", COMPOSE.replace("services: {", "services: {" + repeat(n, lambda i: f"s{i}: {{image: x}}, "))), ["tag"], OK


def services_that_extend(n):
    text = "services:\n" + repeat(n, lambda i: f"  s{i}: {{extends: s{i + 1}}}\n") + f"  s{n}: {{image: a.example/b, build: .}}\n"
    return project("FROM scratch\nCOPY a /\n", text), ["tag", "s0"], None


def compose_keys(n):
    return project("FROM scratch\nCOPY a /\n", COMPOSE + "x-a:\n" + repeat(n, lambda i: f"  k{i}: v\n")), ["tag"], OK


def compose_variables(n):
    return project("FROM scratch\nCOPY a /\n", COMPOSE + "x-a: '" + "${A:-" * n + "}" * n + "'\n"), ["tag"], None


def env_lines(n):
    return project("FROM scratch\nCOPY a /\n", __env=repeat(n, lambda i: f"A{i}=$A{i - 1}\n")), ["tag"], OK


def env_that_doubles(n):
    return project("FROM scratch\nCOPY a /\n", __env="A0=xxxxxxxxxxxxxxxx\n" + repeat(n, lambda i: f"A{i + 1}=$A{i}$A{i}\n")), ["tag"], None


def env_that_grows(n):
    return project("FROM scratch\nCOPY a /\n", __env="A0=x\n" + repeat(n, lambda i: f"A{i + 1}=${{A{i}}}x\n")), ["tag"], None


def build_arguments(n):
    args = COMPOSE.replace("GIVEN: '1'", repeat(n, lambda i: f"A{i}: '1'", ", "))
    return project("FROM scratch\n" + repeat(n, lambda i: f"ARG A{i}\n") + "COPY a /\n", args), ["tag"], OK


def manifests(n):
    lines = repeat(n, lambda i: f"900150983cd24fb0d6963f7d28e17f72  {i:08}\n")
    return {**project("FROM scratch\nCOPY a /\n"), "old.md5": lines}, ["why", "--against", "old.md5"], (0, "removed")


def stages_above_each_other_that_copy(n):
    text = "FROM scratch AS s0\nCOPY a /\n" + repeat(n, lambda i: f"FROM s{i} AS s{i + 1}\nCOPY --from=s{i} /a /\n")
    return project(text), ["tag"], OK


def one_heredoc_many_times(n):
    return project(f"FROM scratch\nCOPY {repeat(n, lambda i: '<<E ', GO_ON)} /e/\n" + "E\n" * (n - 1) + "x\n" * n + "E\n"), ["tag"], OK


def folders_and_sources(n):
    files = {f"d{i}/a": "" for i in range(n)}
    return {**project(f"FROM scratch\nCOPY {repeat(n, lambda i: f'd{i}/x* ', GO_ON)} a /x/\n"), **files}, ["tag"], None


def arguments_before_the_first_stage(n):
    return project("ARG A=x\n" + "ARG A=${A}x\n" * n + "FROM scratch\nCOPY a /\n"), ["tag"], (2, "all words become longer than")


def services_with_users(n):
    built = repeat(n // 2, lambda i: f"s{i}: {{image: a.example/b{i}, build: .}}, ")
    users = repeat(n // 2, lambda i: f"u{i}: {{image: a.example/b{i}}}, ")
    return project("FROM scratch\nCOPY a /\n", "services: {" + built + users + "}\n"), ["tag"], (0, "a.example/b0:")


def files(n):
    return {**project("FROM scratch\nCOPY . /\n"), **{f"d{i % 100}/f{i}": "" for i in range(n)}}, ["tag"], OK


def services_of_one_folder(n):
    text = "services: {" + repeat(n, lambda i: f"s{i}: {{image: a.example/b{i}, build: {{context: ., args: {{A: '{i}'}}}}}}, ") + "}\n"
    return project("FROM scratch\nARG A\nCOPY . /\n", text), ["tag"], (0, "a.example/b0:")


def services_on_each_other(n):
    def service(i):
        base = f", additional_contexts: {{below: 'service:s{i + 1}'}}" if i < n - 1 else ""
        return f"s{i}: {{image: a.example/b{i}, build: {{context: .{base}}}}}, "

    return project("FROM scratch\nCOPY a /\n", "services: {" + repeat(n, service) + "}\n"), ["tag"], (0, "a.example/b0:")


def services_in_a_circle(n):
    text = repeat(n, lambda i: f"s{i}: {{image: a.example/b{i}, build: {{context: ., additional_contexts: {{x: 'service:s{(i + 1) % n}'}}}}}}, ")
    return project("FROM scratch\nCOPY a /\n", "services: {" + text + "}\n"), ["tag"], (2, "with each other")


def services_of_other_files(n):
    text = repeat(n, lambda i: f"s{i}: {{image: a.example/b{i}, build: {{context: ., dockerfile_inline: \"FROM scratch\\nCOPY f{i} /\"}}}}, ")
    files = {f"f{i}": "" for i in range(n)}
    return project("FROM scratch\n", "services: {" + text + "}\n", **files), ["tag"], (0, "a.example/b0:")


# The larger of the two sizes.
CASES = {
    heredocs: 100_000, heredocs_of_one_line: 100_000, heredoc_without_end: 400_000, arguments: 100_000, arguments_of_one_line: 100_000,
    arguments_that_grow: 100_000, arguments_that_double: 100_000, variables_that_double: 100_000, stages: 100_000, stages_that_copy: 100_000,
    stages_with_arguments: 100_000, sources: 100_000, sources_that_are_missing: 100_000, sources_above: 300_000, mounts: 100_000,
    a_long_line: 4_000_000, lines_that_go_on: 100_000, braces: 10_000, stars: 1_000, ignore_lines: 100_000, ignore_above: 100,
    ignore_stars: 1_000, ignore_folders: 30_000, anchors: 80, aliases: 40_000, merges: 400, brackets: 1_000_000, services: 20_000,
    services_that_extend: 2_000, compose_keys: 40_000, compose_variables: 10_000, env_lines: 100_000, env_that_doubles: 100_000,
    env_that_grows: 100_000, build_arguments: 30_000, manifests: 100_000, files: 20_000, services_of_one_folder: 2_000,
    stages_above_each_other_that_copy: 50_000, one_heredoc_many_times: 100_000, folders_and_sources: 2_000,
    arguments_before_the_first_stage: 100_000, services_with_users: 2_000,
    services_on_each_other: 2_000, services_in_a_circle: 2_000, services_of_other_files: 2_000,
}


def run(program, case, size):
    """Whether the result was right, the seconds of the processor, the KiB of memory, and what was said."""
    contents, arguments, expected = case(size)
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "project")
        for name, text in contents.items():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_text(text)
        said = Path(root, "said")
        with said.open("wb") as output:
            # Nothing is asked that is not here: without a program there is no Compose and no git.
            env = {"PATH": "/nonexistent", "HOME": root, "TMPDIR": root}
            limit = lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_AS, (4 << 30, 4 << 30))
            child = subprocess.Popen([program, *arguments], cwd=folder, env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL, preexec_fn=limit)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = code = os.waitstatus_to_exitcode(status)
        text = said.read_bytes().decode(errors="replace")
    # What has no answer of ours to expect ends all the same, with a result or an error in our words.
    right = code in (0, 2) and "docktag: " + ("error: " if code else "") in "docktag: " + text
    if expected is not None:
        right = code == expected[0] and expected[1] in text
    return right and "panicked" not in text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, text


def main():
    program, *names = sys.argv[1:]
    program = str(Path(program).resolve())
    is_measured = bool(os.environ.get("DOCKTAG_TORTURE"))
    wrong, slowest, largest = [], 0.0, 0
    cases = {case: size for case, size in CASES.items() if not names or case.__name__ in names}
    for case, size in cases.items():
        # A debug build takes ten times as long.
        size = size if is_measured else size // 8
        right_before, before = run(program, case, size // 4)[:2] if is_measured else (True, 0)
        right, after, memory, text = run(program, case, size)
        slowest, largest = max(slowest, after), max(largest, memory)
        fast = not is_measured or (after <= SECOND and memory <= MEMORY and after <= FACTOR * max(before, LITTLE))
        mark = "" if right and right_before and fast else "  WRONG"
        print(f"{case.__name__:26} {size:8}  {before:6.2f} s {after:6.2f} s {memory // 1024:5} MiB{mark}")
        if mark:
            wrong.append(case.__name__)
            print("    " + text[:300].replace("\n", "\n    "))
    if is_measured:
        figure = {
            "promise": "Bad input",
            "what": "hostile projects that take more than a second or 256 MiB, grow faster than n log n, or end wrongly",
            "tried": len(cases),
            "wrong": len(wrong),
            "also": f"at most {slowest:.2f} s and {largest // 1024} MiB",
        }
        folder = ROOT / "target/torture"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Bad-input-hostile.json").write_text(json.dumps(figure) + "\n")
    if wrong:
        sys.exit(f"hostile: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
