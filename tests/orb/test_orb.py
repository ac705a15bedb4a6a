"""The orb as a whole: its shape, its examples, and that its parameters are docktag's options."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import expand
import yaml
from sandbox import ROOT, Sandbox, docktag, pack, packed

ORB = packed()
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
# Options that are the orb's own business, or make no sense in a step.
LEFT_OUT = {"CI", "COLOR", "JSON", "NO_PUSH", "PASSWORD_STDIN"}
GIVEN = {"path": "docker", "image": "example/app"}


def tool(name):
    """A test tool, installed where it is missing."""
    return subprocess.run([ROOT / "tests/tools.sh", name], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def command_step(name, **given):
    """The step that runs docktag."""
    # A plain folder has no platforms to join.
    usual = {} if name == "join" else GIVEN
    return expand.expand(ORB, name, {**usual, **given})[-1]


class Shape(unittest.TestCase):
    def valid(self, value):
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            yaml.safe_dump(value, file)
            file.flush()
            ran = subprocess.run([tool("checkjsonschema"), "--builtin-schema", "vendor.circle-ci", file.name], capture_output=True, text=True)
        return ran.returncode == 0, ran.stdout + ran.stderr

    def test_the_orb_is_valid(self):
        ok, said = self.valid(ORB)
        self.assertTrue(ok, said)
        ok, said = self.valid({"version": 2.1, "orbs": {"docktag": ORB}})
        self.assertTrue(ok, said)

    def test_every_example_is_a_valid_configuration(self):
        for name, example in ORB["examples"].items():
            ok, said = self.valid(example["usage"])
            self.assertTrue(ok, f"{name}: {said}")

    def test_the_configurations_of_readme_are_valid(self):
        blocks = [block.split("```")[0] for block in (ROOT / "README.md").read_text().split("```yaml\n") if block.startswith("# .circleci/")]
        self.assertEqual(len(blocks), 3)
        for block in blocks:
            ok, said = self.valid(yaml.safe_load(block))
            self.assertTrue(ok, said)

    def test_the_validator_sees_errors(self):
        usage = {**ORB["examples"]["pinned"]["usage"]}
        usage["jobs"] = {"tag": {"steps": "none"}}
        self.assertFalse(self.valid(usage)[0])

    def test_scripts_are_clean(self):
        scripts = sorted((ROOT / "action/orb/scripts").iterdir())
        ran = subprocess.run([tool("shellcheck"), *scripts], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stdout)

    def test_everything_is_described(self):
        for section in ("commands", "jobs", "executors", "examples"):
            for name, entry in ORB[section].items():
                self.assertTrue(entry.get("description"), f"{section} {name}")
                for parameter, rule in (entry.get("parameters") or {}).items():
                    self.assertTrue(rule.get("description"), f"{section} {name} {parameter}")

    def test_the_file_that_the_packer_writes_is_the_orb(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "new folder/orb.yml")
            subprocess.run([sys.executable, ROOT / ".ci/orb/pack.py", ROOT / "action/orb", file], check=True)
            self.assertEqual(yaml.safe_load(file.read_text()), ORB)
            self.assertNotIn("include(", file.read_text())

    def test_a_script_keeps_what_circleci_would_take_for_a_parameter(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "commands").mkdir()
            Path(folder, "commands/x.yml").write_text("steps: [run: <<include(x.sh)>>]")
            Path(folder, "x.sh").write_text("cat <<end\n<< parameters.x >>\nend\n")
            step, = expand.expand(pack.pack(Path(folder)), "x")
        self.assertEqual(step["command"], "cat <<end\n<< parameters.x >>\nend\n")

    def test_the_packer_names_the_place_of_a_fault(self):
        for text, said in (("a: 1\nb: 2\na: 3\n", '@orb.yml:3:1: the key "a" is there twice'), ("- a\n", "@orb.yml:1: is no map")):
            self.assertIn(said, self.refused({"@orb.yml": text}))
        said = self.refused({"commands/x.yml": "steps: [run: <<include(scripts/x.sh)>>]"})
        self.assertIn("scripts/x.sh: No such file or directory", said)

    def refused(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                Path(folder, name).parent.mkdir(exist_ok=True)
                Path(folder, name).write_text(text)
            ran = subprocess.run([sys.executable, ROOT / ".ci/orb/pack.py", folder, Path(folder, "out")], capture_output=True, text=True)
            self.assertEqual((ran.returncode, Path(folder, "out").exists()), (1, False))
            return ran.stderr


class Examples(unittest.TestCase):
    def test_every_use_of_the_orb_is_one_that_circleci_takes(self):
        for name, example in ORB["examples"].items():
            usage = example["usage"]
            self.assertEqual(usage["orbs"], {"docktag": f"docktag/docktag@{VERSION}"}, name)
            used = 0
            for workflow in usage["workflows"].values():
                for job in (dict([(job, {})] if isinstance(job, str) else job) for job in workflow["jobs"]):
                    used += self.job(usage, *next(iter(job.items())))
            self.assertGreater(used, 0, name)

    def job(self, usage, name, given):
        if name.startswith("docktag/"):
            own = {key: value for key, value in given.items() if key not in ("name", "context", "requires")}
            if "executor" in own:
                own["executor"] = own["executor"].removeprefix("docktag/")
            return len(expand.expand(ORB, name.removeprefix("docktag/"), own, job=True))
        steps = [step for step in usage["jobs"][name]["steps"] if isinstance(step, dict)]
        calls = [next(iter(step.items())) for step in steps]
        return sum(len(expand.expand(ORB, call.removeprefix("docktag/"), own)) for call, own in calls if call.startswith("docktag/"))


class Parameters(unittest.TestCase):
    def test_they_are_the_options_of_the_program(self):
        for name in ("tag", "plan", "build", "join", "pull"):
            said = subprocess.run([docktag(), name, "--help"], capture_output=True, text=True, check=True).stdout
            options = set(re.findall(r"\[env:\s+DOCKTAG_(\w+)=", said)) - LEFT_OUT
            ours = {variable.removeprefix("DOCKTAG_") for variable in command_step(name)["environment"] if variable.startswith("DOCKTAG_")}
            ours |= {"USERNAME"} if name != "tag" else set()
            self.assertEqual(ours, options, name)

    def test_defaults_change_nothing(self):
        environment = command_step("build")["environment"]
        told = {name: value for name, value in environment.items() if name.startswith("DOCKTAG_") and value not in ("", "0")}
        self.assertEqual(told, {"DOCKTAG_PATH": "docker", "DOCKTAG_IMAGE": "example/app", "DOCKTAG_MOVING_TAG": "ci", "DOCKTAG_PUSH": "auto", "DOCKTAG_REGISTRY_TIMEOUT": "10",
                                "DOCKTAG_CACHE": "inline", "DOCKTAG_KEEP_MANIFEST": "true", "DOCKTAG_ALGORITHM": "auto", "DOCKTAG_CHECKOUT": "auto"})

    def test_a_job_has_those_of_its_command_and_hands_them_on(self):
        engine = {"executor", "remote_docker"}
        for job, command, own in (("plan", "plan", {"executor", "steps"}), ("build", "build", engine | {"parallelism"}), ("join", "join", {"executor"}),
                                  ("tests", "pull", engine | {"steps"})):
            parameters, expected = ORB["jobs"][job]["parameters"], ORB["commands"][command]["parameters"]
            self.assertEqual({name: rule for name, rule in parameters.items() if name in expected}, expected)
            self.assertEqual(set(parameters) - set(expected), own)
            handed = next(step[command] for step in ORB["jobs"][job]["steps"] if isinstance(step, dict) and command in step)
            self.assertEqual(handed, {name: f"<< parameters.{name} >>" for name in expected})

    def test_the_version_installed_is_this_one(self):
        self.assertEqual(ORB["commands"]["setup"]["parameters"]["version"]["default"], VERSION)

    def test_a_remote_engine_is_asked_for_where_wanted(self):
        builtin = lambda **given: [step["builtin"] for step in expand.expand(ORB, "build", {**GIVEN, **given}, job=True) if "builtin" in step]
        self.assertEqual(builtin(), ["checkout"])
        self.assertEqual(builtin(remote_docker=True, executor="docker"), ["checkout", "setup_remote_docker"])


class Calls(unittest.TestCase):
    """What reaches docktag, seen by a program of that name."""

    def call(self, step, **env):
        box = Sandbox(self)
        box.program("docktag", f'printf "%s\\n" "$@" > "{box.folder}/argv"; env -0 > "{box.folder}/env"')
        box.env.update(env)
        ran = box.step(step)
        self.assertEqual(ran.code, 0, ran.said)
        got = dict(item.split("=", 1) for item in (box.folder / "env").read_text().split("\0") if item)
        return (box.folder / "argv").read_text().split("\n")[:-1], got, ran.said

    def test_each_command_writes_for_later_steps(self):
        for name in ("tag", "plan", "build", "join", "pull"):
            self.assertEqual(self.call(command_step(name))[0], [name, "--ci"])

    def test_every_machine_of_a_job_has_its_share(self):
        step = command_step("build", share="6fd1b0ff-98")
        self.assertEqual(self.call(step, CIRCLE_NODE_INDEX="2", CIRCLE_NODE_TOTAL="5")[1]["DOCKTAG_SHARE"], "6fd1b0ff-98:2/5")
        self.assertEqual(self.call(step)[1]["DOCKTAG_SHARE"], "6fd1b0ff-98:0/1")
        step = command_step("build", share="6fd1b0ff-98:1/2")
        self.assertEqual(self.call(step, CIRCLE_NODE_INDEX="2", CIRCLE_NODE_TOTAL="5")[1]["DOCKTAG_SHARE"], "6fd1b0ff-98:1/2")
        self.assertEqual(self.call(command_step("build"), CIRCLE_NODE_INDEX="2", CIRCLE_NODE_TOTAL="5")[1]["DOCKTAG_SHARE"], "")
        self.assertEqual(ORB["jobs"]["build"]["parallelism"], "<< parameters.parallelism >>")

    def test_no_value_is_read_by_a_shell(self):
        odd = "a b/'c' \"d\" $(touch here) `x` $HOME \\ ;&|*\nsecond line\n"
        given = {"path": odd, "image": odd, "file": odd, "directory": odd, "reuse": odd, "compose": odd, "moving_tag": odd}
        _, env, said = self.call(command_step("build", **given))
        self.assertEqual({env[f"DOCKTAG_{name.upper()}"] for name in given}, {odd})
        self.assertEqual(said, "")

    def test_user_and_password_come_from_the_variables_named(self):
        step = command_step("pull", username="TEAM_USER", password="TEAM_PASS")
        argv, env, said = self.call(step, TEAM_USER="ci", TEAM_PASS="s3cret 'x' $y", DOCKER_USERNAME="other", DOCKER_PASSWORD="other")
        self.assertEqual((env["DOCKTAG_USERNAME"], env["DOCKER_PASSWORD"]), ("ci", "s3cret 'x' $y"))
        self.assertNotIn("s3cret", " ".join(argv) + said)

    def test_a_pull_request_from_a_fork_has_neither(self):
        _, env, _ = self.call(command_step("build"), CIRCLE_PR_USERNAME="stranger")
        self.assertEqual((env["DOCKTAG_USERNAME"], env["DOCKER_PASSWORD"], env["CIRCLE_PR_USERNAME"]), ("", "", "stranger"))

    def test_push_is_a_word_whichever_way_it_comes(self):
        for given, number in (("true", "1"), ("false", "0")):
            step = command_step("build", push=given)
            self.assertEqual(self.call(step)[1]["DOCKTAG_PUSH"], given)
            step["environment"]["DOCKTAG_PUSH"] = number
            self.assertEqual(self.call(step)[1]["DOCKTAG_PUSH"], given)

    def test_an_empty_moving_tag_arrives_empty(self):
        self.assertEqual(self.call(command_step("build", moving_tag=""))[1]["DOCKTAG_MOVING_TAG"], "")

    def test_a_failure_fails_the_step(self):
        box = Sandbox(self)
        box.program("docktag", "exit 3")
        for name in ("tag", "build", "pull"):
            self.assertEqual(box.step(command_step(name)).code, 3)


if __name__ == "__main__":
    unittest.main()
