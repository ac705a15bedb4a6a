"""Where a command of the orb runs: a PATH, a HOME and a $BASH_ENV of its own, and nothing else from the machine."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/orb"), str(ROOT / ".ci/orb")]
import expand
import pack

# What every image has that CircleCI can run a job in.
BASICS = ("awk", "bash", "cat", "cut", "env", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "sh", "sleep", "tail", "tar", "tr", "uname")


def packed():
    """The orb, packed by the project's packer."""
    return pack.pack(ROOT / "action/orb")


def docktag():
    """The native program; `cargo build` makes it."""
    program = Path(os.environ.get("DOCKTAG_BIN") or ROOT / "target/debug/docktag")
    if not program.exists():
        raise AssertionError(f"{program}: is missing, expected the program: run `cargo build`, or set DOCKTAG_BIN")
    return program


class Ran:
    def __init__(self, code, said):
        self.code, self.said = code, said


class Sandbox:
    """With `programs` of the machine on PATH, by name, and nothing but the basics beside them."""

    def __init__(self, test, *programs):
        self.folder = Path(tempfile.mkdtemp(prefix="docktag-orb-"))
        test.addCleanup(shutil.rmtree, self.folder)
        self.bin, self.home, self.work = (self.folder / name for name in ("bin", "home of a user", "work"))
        for folder in (self.bin, self.home, self.work):
            folder.mkdir()
        self.bash_env = self.folder / "bash env"
        self.bash_env.write_text("")
        for name in BASICS + programs:
            self.link(name)
        self.env = {"PATH": str(self.bin), "HOME": str(self.home), "BASH_ENV": str(self.bash_env), "ORB_WAIT": "0"}
        # Node's own folder for temporary files; a real job has one too.
        self.env["TMPDIR"] = str(self.folder)

    def link(self, name):
        found = shutil.which(name)
        if not found:
            raise AssertionError(f"{name}: is not on this machine's PATH, expected it for this test")
        (self.bin / name).symlink_to(os.path.realpath(found))

    def program(self, name, text):
        """A program made for one test, in shell."""
        file = self.bin / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        return file

    def step(self, step, shell=None):
        """One step as CircleCI runs it."""
        command = dict(step, shell=shell) if shell else step
        ran = subprocess.run(["/bin/sh", "-c", expand.script(command)], cwd=self.work, env=self.env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        return Ran(ran.returncode, ran.stdout.decode())

    def later(self, command):
        """A step of the user's that comes later in the job."""
        return self.step({"name": "later", "environment": {}, "command": command})

    def installed(self):
        """What is in the folder of the installed programs."""
        return sorted(file.name for file in (self.home / ".cache/docktag").glob("*"))
