"""What the release workflow makes is what `setup` takes; and a release whose parts disagree is none."""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

from sandbox import ROOT, Sandbox
from servers import Release
from test_setup import PROGRAM, TARGET, VERSION, Setup

sys.path.insert(0, str(ROOT / ".ci/release"))
import check


def archive(target, folder):
    program = Path(folder, "program")
    program.write_bytes(PROGRAM)
    made = [sys.executable, ROOT / ".ci/release/archive.py", VERSION, target, program, Path(folder, "new folder")]
    return Path(subprocess.run(made, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


class Archives(Setup):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def test_the_orb_installs_what_a_release_has(self):
        file = archive(TARGET, self.folder)
        box, release = Sandbox(self, "curl", "sha256sum"), Release(self, VERSION, TARGET, b"")
        # The list is made as the workflow makes it.
        sums = subprocess.run(f"sha256sum {file.name}", shell=True, cwd=file.parent, stdout=subprocess.PIPE, check=True).stdout
        release.answers = {f"/v{VERSION}/{file.name}": [(200, file.read_bytes())], release.sums: [(200, sums)]}
        self.works(box, self.setup(box, **release.parameters))

    def test_the_licences_are_in_it(self):
        with tarfile.open(archive(TARGET, self.folder)) as tar:
            name = f"docktag-{VERSION}-{TARGET}"
            self.assertEqual({Path(entry).name for entry in tar.getnames()},
                             {"docktag", "CHANGELOG.md", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "README.md"})
            self.assertEqual((tar.getmember(f"{name}/docktag").mode, tar.getmember(f"{name}/LICENSE").mode), (0o755, 0o644))

    def test_windows_has_a_zip(self):
        file = archive("x86_64-pc-windows-msvc", self.folder)
        self.assertEqual(file.name, f"docktag-{VERSION}-x86_64-pc-windows-msvc.zip")
        with zipfile.ZipFile(file) as packed:
            self.assertEqual(packed.read(f"docktag-{VERSION}-x86_64-pc-windows-msvc/docktag.exe"), PROGRAM)

    def test_the_same_files_give_the_same_bytes(self):
        for target in (TARGET, "x86_64-pc-windows-msvc"):
            digests = set()
            for _ in range(2):
                with tempfile.TemporaryDirectory() as folder:
                    digests.add(hashlib.sha256(archive(target, folder).read_bytes()).hexdigest())
            self.assertEqual(len(digests), 1, target)


class Materials(unittest.TestCase):
    def bill(self, target):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "docktag.cdx.json")
            subprocess.run([sys.executable, ROOT / ".ci/release/sbom.py", target, file], check=True)
            return file.read_text()

    def test_every_crate_of_the_program_is_named_with_digest_and_licence(self):
        text = self.bill(TARGET)
        self.assertEqual(text, self.bill(TARGET))
        bill = json.loads(text)
        names = {part["name"] for part in bill["components"]}
        self.assertLessEqual({"clap", "rustls", "saphyr-parser", "serde_json", "ureq"}, names)
        # What only tests it, builds it, or is for another system is not in it.
        self.assertFalse({"proptest", "rcgen", "cc", "windows-sys", "wasm-bindgen"} & names, names)
        self.assertEqual([part["name"] for part in bill["components"] if not (part.get("hashes") and part.get("licenses"))], [])
        refs = {part["bom-ref"] for part in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
        self.assertEqual({it["ref"] for it in bill["dependencies"]}, refs)
        self.assertLessEqual({it for entry in bill["dependencies"] for it in entry["dependsOn"]}, refs)
        self.assertIn("windows-sys", {part["name"] for part in json.loads(self.bill("x86_64-pc-windows-msvc"))["components"]})


class Versions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "pkg").mkdir()
        for name in ("Cargo.toml", "Cargo.lock"):
            shutil.copy(ROOT / name, self.root)
        shutil.copytree(ROOT / "action/orb", self.root / "action/orb")
        self.version = check.of_crate(check.read(ROOT, "Cargo.toml"))
        self.write("pkg/package.json", json.dumps({"name": "docktag", "version": self.version}))
        self.write("CHANGELOG.md", f"# Changelog\n\n## {self.version} (2026-01-02)\n\n- New.\n\n## 0.0.1 (2026-01-01)\n\n- Old.\n")

    def write(self, name, text):
        (self.root / name).write_text(text)

    def faults(self):
        return check.faults(self.root, f"v{self.version}")

    def test_agreement(self):
        self.assertEqual(self.faults(), [])
        self.assertEqual(check.notes(self.root, self.version), "- New.\n")

    def test_each_place_counts(self):
        places = check.places(self.root)
        self.assertEqual(len(places), 4 + len(list((ROOT / "action/orb/examples").iterdir())))
        for name in places:
            before = (self.root / name).read_text()
            ours = 'name = "docktag"\nversion = "' if name.startswith("Cargo") else ""
            after = before.replace(ours + self.version, ours + "9.9.9")
            self.assertNotEqual(before, after, name)
            self.write(name, after)
            (fault,) = self.faults()
            self.assertTrue(fault.startswith(f"{name}: the version is 9.9.9"), fault)
            (self.root / name).unlink()
            self.assertEqual(self.faults(), [f"{name}: is missing"] if name.startswith(("C", "p", "action/orb/c")) else [])
            self.write(name, before)

    def test_the_changelog_must_have_it_with_a_date(self):
        for text in ("# Changelog\n", f"## {self.version} (unreleased)\n\n- New.\n", f"## {self.version}0 (2026-01-02)\n\n- New.\n"):
            self.write("CHANGELOG.md", text)
            (fault,) = self.faults()
            self.assertIn(f"CHANGELOG.md: has no section `## {self.version} (DATE)`", fault)

    def test_what_is_no_tag_of_a_release(self):
        for tag in ("", self.version, "v1", "v1.2.3.4", f"v{self.version}\n", "v1.2.x"):
            self.assertEqual(len(check.faults(self.root, tag)), 1, tag)

    def test_the_program(self):
        ran = subprocess.run([sys.executable, ROOT / ".ci/release/check.py", "v9.9.9"], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(f"Cargo.toml: the version is {self.version}, expected 9.9.9", ran.stderr)


if __name__ == "__main__":
    unittest.main()
