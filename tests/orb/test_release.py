"""`setup` from a release: nothing that was not checked is unpacked or run, and a download ends."""

import hashlib
import unittest

from sandbox import Sandbox
from servers import Release, archive
from test_setup import PROGRAM, TARGET, VERSION, Setup


class FromRelease(Setup):
    def box(self, *programs):
        return Sandbox(self, *(programs or ("curl", "sha256sum")))

    def release(self, program=PROGRAM, **more):
        return Release(self, VERSION, TARGET, program, **more)

    def refuses(self, box, ran, *said, code=1):
        super().refuses(box, ran, *said, code=code)
        self.assertFalse((box.home / "was-run").exists(), "a program was run that was not checked")


class Checked(FromRelease):
    def test_by_the_release(self):
        box, release = self.box(), self.release()
        ran = self.setup(box, **release.parameters)
        self.works(box, ran)
        self.assertIn(f"it is docktag {VERSION} from {release.url}{release.path}", ran.said)
        self.assertEqual(release.requests, [release.sums, release.path])
        (folder,) = (box.home / ".cache/docktag").iterdir()
        self.assertEqual([file.name for file in folder.iterdir()], ["bin"])

    def test_by_the_digest_given(self):
        # Where a digest is given, npm's package is not taken: it is not what was pinned.
        for digest in (str.lower, str.upper):
            box, release = self.box("curl", "sha256sum", "node", "npm"), self.release()
            self.works(box, self.setup(box, sha256=digest(release.digest), **release.parameters))
            self.assertEqual(release.requests, [release.path])

    def test_by_each_program_that_can(self):
        for program in ("sha256sum", "shasum", "openssl"):
            if program == "shasum":  # a program in Perl, which brings its libraries
                box, release = self.box("curl", "perl"), self.release()
                box.link("shasum")
            else:
                box, release = self.box("curl", program), self.release()
            self.works(box, self.setup(box, **release.parameters))
            box, release = self.box("curl", *(("perl", "shasum") if program == "shasum" else (program,))), self.release()
            self.refuses(box, self.setup(box, sha256="0" * 64, **release.parameters), f"has the SHA-256 {release.digest}")

    def test_not_at_all_is_an_error(self):
        box, release = self.box("curl"), self.release()
        self.refuses(box, self.setup(box, **release.parameters), "neither sha256sum nor shasum nor openssl")

    def test_wrong_in_the_release(self):
        box, release = self.box(), self.release()
        release.answers[release.path] = [(200, archive({"evil": PROGRAM}))]
        self.refuses(box, self.setup(box, **release.parameters), f"expected {release.digest}: it is not what was released")

    def test_wrong_in_the_configuration(self):
        box, release = self.box(), self.release()
        other = hashlib.sha256(b"other").hexdigest()
        self.refuses(box, self.setup(box, sha256=other, **release.parameters), f"{release.digest}, expected {other}")

    def test_no_line_for_this_machine(self):
        box, release = self.box(), self.release()
        release.answers[release.sums] = [(200, f"{release.digest}  docktag-{VERSION}-other.tar.gz\n".encode())]
        self.refuses(box, self.setup(box, **release.parameters), f"SHA256SUMS: has no line for docktag-{VERSION}-{TARGET}.tar.gz")
        self.assertEqual(release.requests, [release.sums])

    def test_a_list_that_is_something_else(self):
        for text in (b"<html>log in</html>", b"abc  docktag-%s-%s.tar.gz\n" % (VERSION.encode(), TARGET.encode())):
            box, release = self.box(), self.release()
            release.answers[release.sums] = [(200, text)]
            self.refuses(box, self.setup(box, **release.parameters), "expected")
            self.assertEqual(release.requests, [release.sums])

    def test_what_is_no_digest(self):
        for digest in ("abc", "g" * 64, "0" * 63, "0" * 65):
            box, release = self.box(), self.release()
            self.refuses(box, self.setup(box, sha256=digest, **release.parameters), f'sha256: "{digest}" is no SHA-256')
            self.assertEqual(release.requests, [])

    def test_without_tls_only_with_the_digest(self):
        # None of these names is asked for: it would not be there, and that error would be another one.
        for url in ("http://example.invalid/v1", "http://127.0.0.1.example.invalid/", "http://localhost.example.invalid"):
            box = self.box()
            self.refuses(box, self.setup(box, release_url=url), f"{url}: is not https, expected https or the digest: set `sha256`")

    def test_what_is_no_address(self):
        for url in ("", "example.com/releases", "file:///tmp"):
            box = self.box()
            self.refuses(box, self.setup(box, release_url=url), "release_url: not an address, expected https://HOST/PATH")


class Contents(FromRelease):
    def test_another_version_than_the_name_says(self):
        box, release = self.box(), Release(self, VERSION, TARGET, b"#!/bin/sh\necho docktag 6.6.6\n")
        self.refuses(box, self.setup(box, **release.parameters), f'{release.path}: is "docktag 6.6.6", expected docktag {VERSION}')

    def test_no_program(self):
        box, release = self.box(), self.release(member="other")
        self.refuses(box, self.setup(box, **release.parameters), f"has no docktag-{VERSION}-{TARGET}/docktag")

    def test_a_program_for_another_machine(self):
        box, release = self.box(), self.release(b"\x7fELF\0\0\0\0")
        self.refuses(box, self.setup(box, **release.parameters), "does not run on this machine", "set `from` to another way")


class Download(FromRelease):
    LOADERS = (("curl", "sha256sum"), ("wget", "sha256sum"))

    def each(self):
        for programs in self.LOADERS:
            with self.subTest(programs[0]):
                yield self.box(*programs), self.release()

    def test_with_curl_or_wget(self):
        for box, release in self.each():
            self.works(box, self.setup(box, **release.parameters))

    def test_not_found_is_not_asked_for_again(self):
        for box, release in self.each():
            release.answers.pop(release.path)
            self.refuses(box, self.setup(box, **release.parameters), f"{release.path}: the server's answer is 404", "check `version`")
            self.assertEqual(release.requests, [release.sums, release.path])

    def test_a_fault_that_passes(self):
        for status in (429, 500, 503, "cut"):
            for box, release in self.each():
                release.answers[release.path].insert(0, (status, release.archive))
                ran = self.setup(box, **release.parameters)
                self.works(box, ran)
                self.assertIn("did not arrive whole", ran.said)
                self.assertEqual(release.requests.count(release.path), 2)

    def test_a_fault_that_stays(self):
        for status in (503, "cut"):
            for box, release in self.each():
                release.answers[release.path] = [(status, release.archive)]
                ran = self.setup(box, **release.parameters)
                self.refuses(box, ran, f"{release.path}: did not arrive whole", "in 3 attempts")
                self.assertEqual(ran.said.count("next attempt in"), 2)
                self.assertEqual(release.requests.count(release.path), 3)

    def test_nobody_there(self):
        for box, _ in self.each():
            self.refuses(box, self.setup(box, release_url="http://127.0.0.1:1"), "(no answer) in 3 attempts, expected the file")

    def test_with_neither(self):
        box = self.box("sha256sum")
        self.refuses(box, self.setup(box, **{"from": "release"}), "there is neither curl nor GNU Wget 1", "install curl")


if __name__ == "__main__":
    unittest.main()
