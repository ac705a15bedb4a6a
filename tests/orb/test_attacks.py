"""Attacks on the orb's scripts: parameters that become commands."""

import unittest

import expand
from sandbox import Sandbox
from test_orb import command_step
from test_setup import ORB, VERSION, Setup

# Each one creates the file `pwned` in the current folder if a shell evaluates it.
COMMANDS = ("x[$(: >pwned)]", "PATH[$(: >pwned)]", "PATH[`: >pwned`]", "$(: >pwned)", "`: >pwned`", "'; : >pwned; '", '"; : >pwned; "',
            "%n\n: >pwned\n")


class Evaluation(Setup):
    """Text from a parameter or from CircleCI is never a command."""

    def step(self, box, step, **environment):
        step["environment"].update(environment)
        ran = box.step(step)
        self.assertFalse((box.work / "pwned").exists(), f"{environment}: {ran.said}")
        return ran

    def build(self, **environment):
        box = Sandbox(self)
        box.program("docktag", ": >docktag-was-run")
        ran = self.step(box, command_step("build", share="6fd1b0ff-98"), **environment)
        return ran, (box.work / "docktag-was-run").exists()

    def test_a_name_of_a_variable_is_checked_before_it_is_expanded(self):
        for parameter in ("username", "password"):
            for name in (*COMMANDS, "", "1A", "A-B", "A B", "A\n", "A\nB", "é", "!A", "A@"):
                with self.subTest(parameter=parameter, name=name):
                    ran, was_run = self.build(**{f"ORB_{parameter.upper()}": name})
                    self.assertEqual((ran.code, was_run), (2, False), ran.said)
                    self.assertTrue(ran.said.startswith(f"docktag: {parameter}: not the name of an environment variable, expected"), ran.said)
                    self.assertIn("set it to a name such as DOCKER_PASSWORD", ran.said)

    def test_a_password_in_the_place_of_its_name_is_not_printed(self):
        ran, _ = self.build(ORB_PASSWORD="hunter2!hunter2")
        self.assertEqual(ran.code, 2)
        self.assertNotIn("hunter2", ran.said)

    def test_every_variable_of_a_build(self):
        for name in (*command_step("build")["environment"], "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL"):
            for command in COMMANDS:
                self.build(**{name: command})

    def test_every_variable_of_setup(self):
        for way in ("any", "npm", "release"):
            for name in ("ORB_VERSION", "ORB_FROM", "ORB_NPM_REGISTRY", "ORB_RELEASE_URL", "ORB_SHA256", "ORB_WAIT"):
                for command in COMMANDS:
                    box = Sandbox(self)
                    for program, text in (("node", "echo 20"), ("npm", "exit 1"), ("curl", "exit 7")):
                        box.program(program, text)
                    (step,) = expand.expand(ORB, "setup", {"version": VERSION, "from": way})
                    ran = self.step(box, step, **{name: command})
                    self.refuses(box, ran)

    def test_the_seconds_to_wait_are_a_number(self):
        for seconds in ("", "-1", "1 + 1", "100", "08", "0x10", "PATH", *COMMANDS):
            box = Sandbox(self, "curl")
            (step,) = expand.expand(ORB, "setup", {"version": VERSION, "from": "release", "release_url": "http://127.0.0.1:1"})
            self.refuses(box, self.step(box, step, ORB_WAIT=seconds), "ORB_WAIT: not a number of seconds, expected 0 to 99")


if __name__ == "__main__":
    unittest.main()
