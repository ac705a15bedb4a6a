"""The expander refuses what CircleCI refuses, and substitutes as CircleCI does."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import expand
import yaml

ORB = yaml.safe_load(r"""
commands:
  greet:
    parameters:
      to: {type: string}
      loud: {type: boolean, default: false}
      times: {type: integer, default: 1}
      word: {type: enum, enum: [hello, bye], default: hello}
      secret: {type: env_var_name, default: SECRET}
    steps:
      - run:
          name: << parameters.word >> to <<parameters.to>>, loud << parameters.loud >>
          environment: {TO: << parameters.to >>, LOUD: << parameters.loud >>, TIMES: << parameters.times >>}
          command: echo "$TO" \<<'end'
      - when:
          condition: << parameters.loud >>
          steps: [run: echo loud]
      - unless:
          condition: {or: [<< parameters.loud >>, {equal: [bye, << parameters.word >>]}]}
          steps: [run: echo polite]
  twice:
    parameters:
      whom: {type: string, default: ""}
    steps:
      - greet: {to: << parameters.whom >>}
      - greet: {to: and << parameters.whom >>, loud: true}
  undeclared:
    steps: [run: echo << parameters.nothing >>]
  unescaped:
    steps: [run: "cat <<end"]
  misspelt:
    steps: [gret: {to: you}]
jobs:
  work:
    parameters:
      executor: {type: executor, default: small}
      after: {type: steps, default: []}
    executor: << parameters.executor >>
    steps:
      - checkout
      - greet: {to: world}
      - << parameters.after >>
executors:
  small:
    parameters:
      size: {type: enum, enum: [s, m], default: s}
    docker: [{image: "x:<< parameters.size >>"}]
""")


class Substitution(unittest.TestCase):
    def test_parameters_become_text_and_keep_their_type_in_conditions(self):
        steps = expand.expand(ORB, "greet", {"to": "a 'b' $c", "loud": True})
        self.assertEqual([step["command"] for step in steps], ["echo \"$TO\" <<'end'", "echo loud"])
        self.assertEqual(steps[0]["name"], "hello to a 'b' $c, loud true")
        self.assertEqual(steps[0]["environment"], {"TO": "a 'b' $c", "LOUD": "1", "TIMES": "1"})

    def test_conditions(self):
        commands = lambda **given: [step["command"] for step in expand.expand(ORB, "greet", {"to": "x", **given})][1:]
        self.assertEqual(commands(), ["echo polite"])
        self.assertEqual(commands(loud=True), ["echo loud"])
        self.assertEqual(commands(word="bye"), [])
        for falsy in (False, None, 0, "", {"and": [True, False]}, {"not": True}):
            self.assertFalse(expand.truth("here", falsy), falsy)
        for truthy in (True, 1, "false", {"and": [True, "x"]}, {"not": ""}, {"equal": [1, 1, 1]}):
            self.assertTrue(expand.truth("here", truthy), truthy)

    def test_commands_call_commands(self):
        steps = expand.expand(ORB, "twice", {"whom": "<< parameters.to >>"})
        self.assertEqual([step["environment"]["TO"] for step in steps if step["environment"]],
                         ["<< parameters.to >>", "and << parameters.to >>"], "what a user gives is never substituted again")

    def test_jobs_have_steps_of_circleci_and_steps_given(self):
        steps = expand.expand(ORB, "work", {"after": [{"run": "one"}, "setup_remote_docker", {"run": {"command": "two"}}]}, job=True)
        self.assertEqual([step.get("builtin") or step["command"].split()[0] for step in steps],
                         ["checkout", "echo", "echo", "one", "setup_remote_docker", "two"])
        expand.expand(ORB, "work", {"executor": {"name": "small", "size": "m"}}, job=True)


class Refusal(unittest.TestCase):
    def refuses(self, said, name, given=None, job=False):
        with self.assertRaises(expand.OrbError) as caught:
            expand.expand(ORB, name, given, job)
        self.assertIn(said, str(caught.exception))

    def test_parameters(self):
        self.refuses("parameter `to` is missing, and has no default", "greet")
        self.refuses("unexpected parameter `too`, expected one of to, loud", "greet", {"to": "x", "too": 1})
        self.refuses('`to` is 1, expected the type string', "greet", {"to": 1})
        self.refuses('`loud` is "true", expected the type boolean', "greet", {"to": "x", "loud": "true"})
        self.refuses('`times` is true, expected the type integer', "greet", {"to": "x", "times": True})
        self.refuses('`word` is "hi", expected the type enum of hello, bye', "greet", {"to": "x", "word": "hi"})
        self.refuses('`secret` is "$SECRET", expected the type env_var_name', "greet", {"to": "x", "secret": "$SECRET"})
        self.refuses('`after` is "ls", expected the type steps', "work", {"after": "ls"}, job=True)

    def test_names(self):
        self.refuses("commands: the orb has no `nothing`", "nothing")
        self.refuses("commands: the orb has no `gret`", "misspelt")
        self.refuses("executors: the orb has no `large`", "work", {"executor": "large"}, job=True)
        self.refuses('executor small: parameter `size` is "xl"', "work", {"executor": {"name": "small", "size": "xl"}}, job=True)

    def test_text(self):
        self.refuses("`<< parameters.nothing >>` is used, but not declared", "undeclared")
        self.refuses("`<<end` is no parameter", "unescaped")


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "orb.yml").write_text(yaml.safe_dump(ORB))

    def run_it(self, *arguments):
        program = [sys.executable, expand.__file__, str(self.folder / "orb.yml"), *arguments]
        return subprocess.run(program, capture_output=True, text=True)

    def test_a_list_of_steps_and_a_file_for_each(self):
        ran = self.run_it("greet", "to=it's", "--json", '{"loud": true}', "times=2", "--out", str(self.folder / "out"))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(json.loads(ran.stdout)[0]["environment"], {"TO": "it's", "LOUD": "1", "TIMES": "2"})
        self.assertEqual(sorted(file.name for file in (self.folder / "out").iterdir()), ["01.sh", "02.sh"])

    def test_a_file_runs_as_in_circleci(self):
        steps = [{"run": {"environment": {"A": "step's", "B": "step"}, "command": 'echo "$A $B"; false | cat; echo not here'}}]
        ran = self.run_it("work", "--job", "--json", json.dumps({"after": steps}), "--out", str(self.folder / "out"))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        bash_env = self.folder / "bash env"
        bash_env.write_text("B=file\n")
        file = self.folder / "out/04.sh"
        ran = subprocess.run(["sh", file], env={"PATH": "/usr/bin:/bin", "BASH_ENV": str(bash_env)}, capture_output=True, text=True)
        # $BASH_ENV is read after the step's environment is set; and a pipe fails as a whole.
        self.assertEqual((ran.returncode, ran.stdout), (1, "step's file\n"))

    def test_errors(self):
        for arguments in (("greet",), ("greet", "to"), ("nothing",)):
            ran = self.run_it(*arguments)
            self.assertEqual((ran.returncode, ran.stdout), (1, ""))
            self.assertTrue(ran.stderr.startswith("expand.py: "), ran.stderr)


if __name__ == "__main__":
    unittest.main()
