"""`setup`: the three ways to a docktag program, each for real, and how each can fail."""

import io
import json
import os
import tarfile
import unittest
from pathlib import Path

import expand
from sandbox import Sandbox, docktag, packed
from servers import PROGRAMS, Registry, Release, package

ORB = packed()
VERSION = "1.2.3"
MACHINE = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}[os.uname().machine]
TARGET = f"{MACHINE}-apple-darwin" if os.uname().sysname == "Darwin" else f"{MACHINE}-unknown-linux-musl"
# Says its version; and leaves a mark, so that a test sees whether it was run.
PROGRAM = f'#!/bin/sh\n: > "$HOME/was-run"\necho "docktag {VERSION}"\n'.encode()


class Setup(unittest.TestCase):
    def setup(self, box, shell=None, **parameters):
        (step,) = expand.expand(ORB, "setup", {"version": VERSION, **parameters})
        return box.step(step, shell)

    def works(self, box, ran, version=VERSION):
        self.assertEqual(ran.code, 0, ran.said)
        later = box.later("docktag --version && command -v docktag")
        self.assertEqual(later.code, 0, later.said)
        said, place = later.said.splitlines()
        self.assertEqual(said, f"docktag {version}")
        self.assertTrue(place.startswith(f"{box.home}/.cache/docktag/{version}."), place)

    def refuses(self, box, ran, *said, code=1):
        """Fails, says why, and leaves nothing: no program, no folder, no PATH for later steps."""
        self.assertEqual(ran.code, code, ran.said)
        for text in said:
            self.assertIn(text, ran.said)
        self.assertEqual(box.installed(), [])
        self.assertEqual(box.bash_env.read_text(), "")


class OnPath(Setup):
    def test_one_that_is_there_is_used_and_named(self):
        box = Sandbox(self, "curl", "node", "npm")
        there = box.program("docktag", f"echo docktag {VERSION}")
        ran = self.setup(box)
        self.assertEqual((ran.code, ran.said), (0, f"docktag setup: {there} is used, it is docktag {VERSION}\n"))
        self.assertEqual(box.bash_env.read_text(), "")

    def test_another_version_is_used_and_the_difference_said(self):
        box = Sandbox(self)
        box.program("docktag", "echo docktag 0.0.9")
        ran = self.setup(box)
        self.assertEqual(ran.code, 0, ran.said)
        self.assertIn("it is docktag 0.0.9", ran.said)
        self.assertIn(f"the version asked for is {VERSION}: set `from: npm` or `from: release`", ran.said)

    def test_one_that_does_not_run_is_an_error(self):
        box = Sandbox(self)
        box.program("docktag", "exit 126")
        self.refuses(box, self.setup(box), "docktag: does not run, expected", "set `from: release`")

    def test_none_is_an_error_where_it_was_asked_for(self):
        box = Sandbox(self, "curl")
        self.refuses(box, self.setup(box, **{"from": "path"}), "PATH: there is no docktag", "set `from: any`")

    def test_one_that_is_there_is_passed_over_where_another_way_was_asked_for(self):
        box, release = Sandbox(self, "curl", "sha256sum"), Release(self, VERSION, TARGET, PROGRAM)
        box.program("docktag", "exit 1")
        self.works(box, self.setup(box, **release.parameters, **{"from": "release"}))


class Npm(Setup):
    def box(self):
        return Sandbox(self, "node", "npm")

    def test_the_package_is_installed(self):
        tarball, version = package(VERSION), VERSION
        if os.environ.get("DOCKTAG_NPM_TARBALL"):
            tarball = Path(os.environ["DOCKTAG_NPM_TARBALL"]).read_bytes()
            with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
                version = json.load(tar.extractfile("package/package.json"))["version"]
        box, registry = self.box(), Registry(self, version, tarball)
        self.works(box, self.setup(box, **registry.parameters), version)
        self.assertEqual(registry.requests, ["/docktag", registry.tarball])

    def test_no_script_of_the_package_is_run(self):
        scripts = {"preinstall": "touch \"$HOME/script\"", "postinstall": "touch \"$HOME/script\""}
        box, registry = self.box(), Registry(self, VERSION, package(VERSION, scripts=scripts))
        registry.offer(registry.digest, PROGRAMS, scripts)
        self.works(box, self.setup(box, **registry.parameters))
        self.assertFalse((box.home / "script").exists())

    def test_a_package_with_another_digest_is_refused(self):
        box, registry = self.box(), Registry(self, VERSION, package(VERSION))
        registry.offer(bytes(64), PROGRAMS)
        self.refuses(box, self.setup(box, **registry.parameters), "EINTEGRITY", "npm cannot install it", "set `from: release`")

    def test_a_version_that_is_not_there(self):
        box, registry = self.box(), Registry(self, "1.2.2", package("1.2.2"))
        self.refuses(box, self.setup(box, npm_registry=registry.url), "npm package docktag@1.2.3: npm cannot install it")

    def test_a_registry_that_is_not_there_is_no_reason_for_another_way(self):
        box, release = Sandbox(self, "node", "npm", "curl", "sha256sum"), Release(self, VERSION, TARGET, PROGRAM)
        ran = self.setup(box, npm_registry="http://127.0.0.1:1", **release.parameters)
        self.refuses(box, ran, "ECONNREFUSED", "npm cannot install it")
        self.assertEqual(release.requests, [])

    def test_a_program_of_another_version_is_refused(self):
        box, registry = self.box(), Registry(self, VERSION, package(VERSION, says="6.6.6"))
        self.refuses(box, self.setup(box, **registry.parameters), 'is "docktag 6.6.6", expected docktag 1.2.3')

    def test_a_package_without_a_program_is_refused(self):
        box, registry = self.box(), Registry(self, VERSION, package(VERSION))
        registry.offer(registry.digest, {"other": "cli.js"})
        self.refuses(box, self.setup(box, **registry.parameters), "has no program `docktag`", "check `npm_registry`")

    def test_an_old_node_is_passed_over(self):
        box, release = Sandbox(self, "npm", "curl", "sha256sum"), Release(self, VERSION, TARGET, PROGRAM)
        box.program("node", "echo 18")
        self.works(box, self.setup(box, **release.parameters))

    def test_an_old_node_is_an_error_where_npm_was_asked_for(self):
        box = Sandbox(self, "npm", "curl")
        box.program("node", "echo 18")
        self.refuses(box, self.setup(box, **{"from": "npm"}), "no npm with node 20 or newer", "set `from: release`")


class Surroundings(Setup):
    def test_nothing_at_all(self):
        box = Sandbox(self)
        self.refuses(box, self.setup(box), "neither docktag, nor node 20 or newer with npm, nor curl or GNU Wget 1", "install curl")

    def test_no_file_for_later_steps(self):
        box = Sandbox(self, "curl")
        box.env.pop("BASH_ENV")
        self.refuses(box, self.setup(box), "BASH_ENV: is not set, expected the file")

    def test_another_shell_than_bash(self):
        for command, name in (("setup", "docktag setup"), ("build", "docktag")):
            step = expand.expand(ORB, command, {"path": "docker", "image": "a/b"} if command == "build" else {})[-1]
            box = Sandbox(self, "curl", "dash")
            self.refuses(box, box.step(step, "dash -e"), f"{name}: the step's shell is not bash, expected bash", code=2)

    def test_a_last_line_without_an_end_is_kept(self):
        box, release = Sandbox(self, "curl", "sha256sum"), Release(self, VERSION, TARGET, PROGRAM)
        box.bash_env.write_text("export BEFORE=1")
        self.works(box, self.setup(box, **release.parameters))
        self.assertEqual(box.later('echo "$BEFORE"').said, "1\n")

    def test_two_jobs_at_one_home_do_not_meet(self):
        box, release = Sandbox(self, "curl", "sha256sum"), Release(self, VERSION, TARGET, PROGRAM)
        for _ in range(2):
            box.bash_env.write_text("")  # each job has its own
            self.works(box, self.setup(box, **release.parameters))
        self.assertEqual(len(box.installed()), 2)

    def test_a_version_is_checked_before_it_is_used(self):
        for version in ("", "latest", "1.2", "1.2.3/../../x", "1.2.3 --registry", "$(touch x).1.1"):
            box = Sandbox(self, "curl")
            self.refuses(box, self.setup(box, version=version), f'version: "{version}" is none, expected one such as 0.1.0')

    def test_the_real_program(self):
        program = docktag()
        version = Sandbox(self).later(f"'{program}' --version").said.split()[1]
        box, release = Sandbox(self, "curl", "sha256sum"), Release(self, version, TARGET, program.read_bytes())
        self.works(box, self.setup(box, **release.parameters), version)
        (box.work / "docker").mkdir()
        (box.work / "docker/Dockerfile").write_text("FROM scratch\n")
        # As `find docker -type f -exec md5sum {} \; | md5sum` says it.
        self.assertEqual(box.later("docktag tag --path docker").said, "11d840bbd459393246f53d99078a2f95\n")


if __name__ == "__main__":
    unittest.main()
