"""The workflows: valid, and with no more rights and no other code than they need."""

import re
import subprocess
import unittest

import yaml
from sandbox import ROOT
from test_orb import tool

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OUR_OWN = re.compile(r"uses: \./")


class Workflows(unittest.TestCase):
    def jobs(self):
        for file in WORKFLOWS:
            for name, job in yaml.safe_load(file.read_text())["jobs"].items():
                yield f"{file.name}: {name}", job

    def test_they_are_valid(self):
        self.assertEqual([file.name for file in WORKFLOWS], ["ci.yml", "page.yml", "release.yml"])
        check = [tool("actionlint"), "-shellcheck", tool("shellcheck"), "-pyflakes", "", *WORKFLOWS]
        ran = subprocess.run(check, capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        ran = subprocess.run([tool("checkjsonschema"), "--builtin-schema", "vendor.dependabot", ROOT / ".github/dependabot.yml"],
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_actions_are_pinned_to_one_commit(self):
        for file in WORKFLOWS:
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if "uses:" in line:
                    self.assertTrue(PINNED.search(line) or OUR_OWN.search(line), f"{file.name}:{number}: {line}")

    def test_nothing_is_allowed_but_what_a_job_says(self):
        for file in WORKFLOWS:
            self.assertEqual(yaml.safe_load(file.read_text())["permissions"], {}, file.name)
        for name, job in self.jobs():
            self.assertIn("permissions", job, name)
            writes = {right for right, how in job["permissions"].items() if how == "write"}
            self.assertTrue("environment" in job or writes <= {"id-token", "attestations"}, f"{name}: {writes}")

    def test_no_job_keeps_the_token_of_the_checkout_or_runs_for_ever(self):
        for name, job in self.jobs():
            self.assertTrue("timeout-minutes" in job or "uses" in job, name)
            for step in job.get("steps", []):
                if step.get("uses", "").startswith("actions/checkout@"):
                    self.assertEqual(step["with"]["persist-credentials"], False, name)

    def test_expressions_stay_out_of_scripts(self):
        # What stands in `${{ }}` is put into a script before a shell reads it.
        for name, job in self.jobs():
            for step in job.get("steps", []):
                self.assertNotIn("${{", step.get("run", ""), name)

    def test_downloads_and_their_redirects_are_https(self):
        for name, job in self.jobs():
            for line in "\n".join(step.get("run", "") for step in job.get("steps", [])).splitlines():
                if re.search(r"\b(curl|wget)\b", line):
                    self.assertRegex(line, r"curl -fsSL --proto '=https' .*\"https://", name)

    def test_the_last_job_of_ci_waits_for_all(self):
        jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
        *others, last = jobs
        self.assertEqual((jobs[last]["needs"], jobs[last]["if"]), (others, "always()"))


if __name__ == "__main__":
    unittest.main()
