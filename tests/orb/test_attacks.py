"""Attacks on the orb's scripts: parameters that become commands, addresses that look safe, and redirects that leave https."""

import unittest

import expand
from sandbox import ROOT, Sandbox
from servers import Authority, Network, Registry, Server, package
from test_orb import command_step
from test_release import FromRelease
from test_setup import ORB, PROGRAM, TARGET, VERSION, Setup

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


class Attacked(FromRelease):
    LOADERS = ("curl", "wget")

    def each(self):
        for loader in self.LOADERS:
            with self.subTest(loader):
                box, network = self.box(loader, "sha256sum"), Network(self, VERSION, TARGET, PROGRAM)
                network.carries(box)
                yield box, network

    def stopped(self, box, network, ran, *said):
        """Fails before anything is asked of the attacker."""
        self.refuses(box, ran, *said)
        self.assertEqual(network.requests, [], ran.said)


class Addresses(Attacked):
    # A check of the beginning sees the loopback interface, but the text before `@` is a user and a password.
    DISGUISED = ("http://127.0.0.1:x@other.invalid", "http://localhost:x@other.invalid/v1", "http://[::1]:x@other.invalid",
                 "http://127.0.0.1:80@other.invalid:80/", "http://localhost:@other.invalid", "http://127.0.0.1:x:y@other.invalid/")
    MALFORMED = ("https://user:s3cret@other.invalid/v1", "https://s3cret@other.invalid", "http://user:s3cret@127.0.0.1:1/v1", "https://@other.invalid",
                 "https://other.invalid /s3cret", "https://other.invalid/s3cret x", "https://other.invalid/\ts3cret", "https://other.invalid/\ns3cret",
                 "https://other.invalid/\u00a0s3cret", "https://other.invalid\\@127.0.0.1/s3cret", "https://other.invalid?s3cret",
                 "https://other.invalid#s3cret", "https://other.invalid:443x/s3cret", "https://other.invalid:/s3cret", "https:///s3cret", "https://",
                 " https://other.invalid/s3cret", "https:/other.invalid/s3cret", "HTTP://other.invalid/s3cret", "ftp://other.invalid/s3cret",
                 "//other.invalid/s3cret", "-s3cret")

    def test_a_user_that_looks_like_the_loopback_interface(self):
        for address in self.DISGUISED:
            for box, network in self.each():
                self.stopped(box, network, self.setup(box, release_url=address), "release_url: not an address, expected https://HOST/PATH")

    def test_a_host_that_begins_like_the_loopback_interface(self):
        for host in ("127.0.0.1.other.invalid", "localhost.other.invalid", "127.0.0.10", "[::1%251]", "[::10]", "localhost%00.other.invalid"):
            for box, network in self.each():
                self.stopped(box, network, self.setup(box, release_url=f"http://{host}/v1"), "expected https")

    def test_a_malformed_address_is_refused_and_not_printed(self):
        for parameter, way in (("release_url", "release"), ("npm_registry", "npm")):
            for address in self.MALFORMED:
                with self.subTest(parameter=parameter, address=address):
                    box = self.box("curl", "node")
                    box.program("npm", ": >npm-was-run; exit 1")
                    ran = self.setup(box, **{parameter: address, "from": way, "sha256": "0" * 64})
                    self.refuses(box, ran, f"{parameter}: not an address, expected https://HOST/PATH")
                    self.assertNotIn("s3cret", ran.said)
                    self.assertFalse((box.work / "npm-was-run").exists())

    def test_allowed_addresses(self):
        for address in ("https://127.0.0.1:1", "https://127.0.0.1:1/", "https://[::1]:1/a/b@c?d=e", "http://localhost:1/v{version}",
                        "http://[::1]:1", "http://127.0.0.1:1/"):
            for box, _ in self.each():
                self.refuses(box, self.setup(box, release_url=address), "(no answer) in 3 attempts, expected the file")

    def test_curl_expands_no_pattern(self):
        # Without --globoff, curl expands `{a,b}` and `[1-2]` to a list of addresses.
        box, release = self.box(), self.release()
        self.refuses(box, self.setup(box, release_url=release.url + "/{a,b}[1-2]"), "the server's answer is 404")
        self.assertEqual(release.requests, ["/{a,b}[1-2]/SHA256SUMS"])

    def test_a_proxy_is_not_asked_for_the_loopback_interface(self):
        for host in ("127.0.0.1", "localhost"):
            for box, network in self.each():
                self.stopped(box, network, self.setup(box, release_url=f"http://{host}:1/v1"), "(no answer) in 3 attempts")

    def test_npm_asks_no_proxy_for_the_loopback_interface(self):
        for host in ("127.0.0.1", "localhost", "[::1]"):
            for variable in ("http_proxy", "https_proxy", "HTTPS_PROXY", "PROXY"):
                box, registry = Sandbox(self, "node", "npm"), Registry(self, VERSION, package(VERSION))
                box.env[variable] = registry.url
                self.refuses(box, self.setup(box, npm_registry=f"http://{host}:1"), "npm cannot install it")
                self.assertEqual(registry.requests, [])

    def test_a_registry_of_npm_names_the_digest_and_needs_https(self):
        box, registry = Sandbox(self, "node", "npm"), Registry(self, VERSION, package(VERSION))
        registry.answers["http://other.invalid/docktag"] = registry.answers["/docktag"]
        box.env["http_proxy"] = registry.url
        self.refuses(box, self.setup(box, npm_registry="http://other.invalid"), "http://other.invalid: is not https, expected https")
        self.assertEqual(registry.requests, [])


class Redirects(Attacked):
    """A redirect is followed to https only."""

    def tls(self, box):
        self.authority = Authority(self)
        self.authority.trusted_by(box)
        return self.release(authority=self.authority)

    def test_from_https_to_plain_http(self):
        for status in (301, 302, 303, 307, 308):
            for box, network in self.each():
                release = self.tls(box)
                release.answers[release.sums] = [(status, f"http://other.invalid{release.sums}")]
                release.answers[release.path] = [(status, f"http://other.invalid{release.path}")]
                ran = self.setup(box, **release.parameters)
                self.stopped(box, network, ran, f"{release.sums}: redirects to an address that does not begin with https://", "set `release_url`")
                self.assertEqual(release.requests, [release.sums])

    def test_from_https_to_plain_http_with_the_digest(self):
        for box, network in self.each():
            release = self.tls(box)
            release.answers[release.path] = [(302, f"http://other.invalid{release.path}")]
            ran = self.setup(box, sha256=network.digest, **release.parameters)
            self.stopped(box, network, ran, f"{release.path}: redirects to an address that does not begin with https://")

    def test_from_https_to_plain_http_on_the_loopback_interface(self):
        for box, network in self.each():
            release = self.tls(box)
            release.answers[release.sums] = [(302, network.url + network.sums)]
            self.stopped(box, network, self.setup(box, **release.parameters), "redirects to an address that does not begin with https://")

    def test_from_https_to_https_to_plain_http(self):
        for box, network in self.each():
            release = self.tls(box)
            release.answers[release.sums] = [(302, release.url + "/second")]
            release.answers["/second"] = [(302, f"http://other.invalid{release.sums}")]
            self.stopped(box, network, self.setup(box, **release.parameters), "redirects to an address that does not begin with https://")
            self.assertEqual(release.requests, [release.sums, "/second"])

    def test_from_plain_http_to_plain_http(self):
        for box, network in self.each():
            server = Server(self)
            server.answers[f"/docktag-{VERSION}-{TARGET}.tar.gz"] = [(302, f"http://other.invalid{network.path}")]
            ran = self.setup(box, release_url=server.url, sha256=network.digest)
            self.stopped(box, network, ran, "redirects to an address that does not begin with https://")

    def test_from_https_to_other_protocols(self):
        for box, network in self.each():
            for address in ("file:///etc/passwd", "ftp://other.invalid/x", "//other.invalid/x\\", "https:other.invalid", ""):
                release = self.tls(box)
                release.answers[release.sums] = [(302, address)]
                ran = self.setup(box, **release.parameters)
                self.assertEqual(ran.code, 1, ran.said)
                self.stopped(box, network, ran, release.sums)

    def test_from_https_to_https(self):
        for box, network in self.each():
            release = self.tls(box)
            files = Server(self, self.authority)
            files.answers = {"/sums": release.answers[release.sums], "/archive?a=b&c=d": [(200, release.archive)]}
            release.answers = {release.sums: [(302, release.url + "/next")], "/next": [(302, files.url + "/sums")],
                               release.path: [(302, files.url + "/archive?a=b&c=d")]}
            self.works(box, self.setup(box, **release.parameters))
            self.assertEqual((files.requests, network.requests), (["/sums", "/archive?a=b&c=d"], []))

    def test_a_circle_of_redirects_ends(self):
        for box, _ in self.each():
            release = self.tls(box)
            release.answers[release.sums] = [(302, release.url + release.sums)]
            self.refuses(box, self.setup(box, **release.parameters), "or more than 10 times")
            self.assertEqual(len(release.requests), 11)

    def test_the_body_of_a_redirect_is_not_the_file(self):
        for status in (300, 302, 304):
            for box, _ in self.each():
                release = self.tls(box)
                release.answers[release.sums] = [(status, release.answers[release.sums][0][1])]
                self.refuses(box, self.setup(box, **release.parameters), release.sums)

    def npm(self):
        box, network = Sandbox(self, "node", "npm"), Registry(self, VERSION, package(VERSION))
        authority = Authority(self)
        authority.trusted_by(box)
        return box, network, Registry(self, VERSION, package(VERSION), authority=authority)

    def test_npm_from_https_to_plain_http(self):
        for configured in (False, True):
            box, network, registry = self.npm()
            registry.answers["/docktag"] = [(302, network.url + "/docktag")]
            # `npm_registry` is empty if npm's own configuration names the registry.
            if configured:
                (box.home / ".npmrc").write_text(f"registry={registry.url}\n")
            ran = self.setup(box, **{"npm_registry": "" if configured else registry.url, "from": "npm"})
            self.stopped(box, network, ran, "plain HTTP is refused", "npm cannot install it")

    def test_npm_from_https_to_https(self):
        box, network, registry = self.npm()
        registry.answers["/first/docktag"] = [(302, registry.url + "/docktag")]
        box.env["NODE_OPTIONS"] = "--no-warnings"
        self.works(box, self.setup(box, npm_registry=registry.url + "/first/"))
        self.assertEqual((registry.requests, network.requests), (["/first/docktag", "/docktag", registry.tarball], []))

    def test_a_wget_that_follows_redirects_by_itself_is_not_used(self):
        # Wget2 ignores --max-redirect=0 (seen with 1.99.1); BusyBox has no such option, and knows no version.
        for version in ("echo GNU Wget2 2.1.0", "exit 1"):
            box = self.box("sha256sum")
            box.program("wget", f'case $* in --version) {version} ;; *) : >wget-was-run ;; esac')
            self.refuses(box, self.setup(box, **{"from": "release"}), "there is neither curl nor GNU Wget 1", "install curl")
            self.refuses(box, self.setup(box), "nor curl or GNU Wget 1", "install curl")
            self.assertFalse((box.work / "wget-was-run").exists())


class Tools(unittest.TestCase):
    """Variables of the programs that test docktag."""

    def run_it(self, box, script, **env):
        box.env.update(env)
        ran = box.step({"name": "tool", "environment": {}, "command": script})
        self.assertFalse((box.work / "pwned").exists(), ran.said)
        return ran

    def test_a_mirror_is_one_line(self):
        for mirror in ("http://a.invalid/debian\ndeb [trusted=yes] http://b.invalid/debian", "[trusted=yes] http://a.invalid/debian",
                       "http://a.invalid/\tdebian"):
            box = Sandbox(self)
            box.program("apt-get", "exit 0")
            script = f"fail() {{ echo \"$1\"; exit 1; }}; . '{ROOT}/tests/engine/packages.sh'; apt_state engine suite '{box.work}/apt'"
            ran = self.run_it(box, script, ENGINE_MIRROR=mirror)
            self.assertEqual((ran.code, ran.said), (1, "ENGINE_MIRROR: has a blank or a line break, expected one URL: correct it\n"))
            self.assertFalse((box.work / "apt").exists())

    def test_the_runs_of_the_fuzzer_are_a_number(self):
        box = Sandbox(self, "dirname", "ls")
        for program in ("rustc", "cargo"):
            box.program(program, "exit 0")
        ran = self.run_it(box, f"bash '{ROOT}/tests/fuzz/run.sh' 1 none", RUNS=f"PATH[$(: >'{box.work}/pwned')]")
        self.assertEqual((ran.code, ran.said), (2, "fuzz: RUNS: not a number, expected the runs of each target: correct it\n"))


if __name__ == "__main__":
    unittest.main()
