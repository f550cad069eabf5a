"""--network and --trace-denied: what a user is told at the end, and what result files say."""
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from e2e_serve import Serve
from e2e_support import PATIENCE, SOURCE, E2eTest, wait_until
from e2e_user import USER, become_user
from schema_check import schema_faults

RUNTIME = """
import http.client, json, os, socket, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse()
    event, number = json.loads(reply.read()), reply.getheader("Lambda-Runtime-Aws-Request-Id")
    answer, ending = "ok", "response"
    try:
        if "connect" in event:
            link = socket.socket()
            link.settimeout(0.3)
            link.connect((event["connect"], 443))
        if "write" in event:
            open(event["write"], "w")
    except OSError as error:
        answer = type(error).__name__
        if "fail" in event:
            answer = {"errorType": answer, "errorMessage": "timed out",
                      "stackTrace": ["link.connect((host, port))"]}
            ending = "error"
    time.sleep(event.get("sleep", 0))
    api.request("POST", f"/2018-06-01/runtime/invocation/{number}/{ending}", json.dumps(answer))
    api.getresponse().read()
"""
PYTHON = Path("/usr/bin/python3")
NOTE = ("coldframe: note: W36: the function tried to reach tcp 192.0.2.77:443; with --network none, "
        "as in a VPC without a route, connects hang")
REMEDY = "; put what is fetched into the image, or give the function a route: --network open has one"
DENIED = "coldframe: note: W1: the function was denied{}: open '/var/task/cache.db' for writing"


def may_make_tun() -> bool:
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError:
        return False
    return True


class StrictTest(E2eTest):
    SANDBOX = "strict"

    def setUp(self) -> None:
        super().setUp()
        if not PYTHON.exists():
            self.skipTest(f"needs {PYTHON}")
        self.target = self.function(ImageConfig={"EntryPoint": [str(PYTHON), "-S", "-B", "-c", RUNTIME]})
        done = self.coldframe("invoke", self.target, "--network", "host", "--event", "{}")
        if done.code == 77:
            self.skipTest(done.err.strip())
        self.assert_exit(done, 0)

    def invoke(self, *words: object) -> tuple[dict, list[str]]:
        """The result, checked against its schema, and the notes."""
        done = self.coldframe("invoke", self.target, "--json", "r.json", *words)
        self.assert_exit(done, 0)
        result = json.loads((self.place / "r.json").read_text())
        schema = json.loads((SOURCE / "docs/schemas/invoke.schema.json").read_text())
        self.assertEqual(schema_faults(result, schema), [])
        return result["function"], [line for line in done.err.splitlines() if ": note: " in line]

    def assert_host_is_told_once(self, said: str, verbose: bool = False) -> None:
        told = [line for line in said.splitlines() if "network" in line]
        self.assertEqual(len(told), 1, said)
        self.assertTrue(told[0].startswith("coldframe: note: network: host: the function has this "
                                           "host's, without isolation (no way out of the sandbox: "
                                           "cannot open /dev/net/tun: "), told[0])
        # What helps is long, and the same at every run.
        self.assertEqual(told[0].endswith("; see coldframe doctor)"), not verbose, told[0])


class Network(StrictTest):
    def test_invoke_lists_who_was_tried_to_reach(self):
        if not may_make_tun():
            self.skipTest("needs /dev/net/tun")
        function, notes = self.invoke("--network", "none", "--event", '{"connect":"192.0.2.77"}')
        self.assertEqual(function["network"], "none")
        self.assertEqual(function["requested"]["network"], "none")
        self.assertNotIn("traced", function)
        self.assertEqual([note for note in notes if "W36" in note], [NOTE])

    def test_so_do_validate_bench_and_serve(self):
        if not may_make_tun():
            self.skipTest("needs /dev/net/tun")
        event = '{"connect":"192.0.2.77"}'
        golden = self.place / "golden.jsonl"
        golden.write_text('{"id":"a","event":%s,"expect":"TimeoutError"}\n' % event)
        for words in (("validate", self.target, "--golden", golden),
                      ("bench", "cold", self.target, "--starts", 2, "--event", event)):
            done = self.coldframe(*words, "--network", "none")
            self.assert_exit(done, 0)
            self.assertEqual(done.err.splitlines().count(NOTE), 1, done.err)
        with Serve(self, self.target, options=["--network", "none"]) as server:
            self.assertEqual(server.invoke({"connect": "192.0.2.77"}).json(), "TimeoutError")
        self.assertEqual(server.log().splitlines().count(NOTE + REMEDY), 1, server.log())

    def test_serve_tells_what_helps_at_once_and_lists_who_was_tried_at_its_end(self):
        if not may_make_tun():
            self.skipTest("needs /dev/net/tun")
        with Serve(self, self.target, options=["--network", "none"]) as server:
            for _ in range(2):
                server.invoke({"connect": "192.0.2.77", "fail": True})
            wait_until("it is told", lambda: "note: W36: no route out" in server.log())
        told = [line for line in server.log().splitlines() if "W36" in line]
        self.assertEqual(len(told), 2, told)
        self.assertTrue(told[0].endswith(REMEDY[2:]), told)
        self.assertEqual(told[1], NOTE)

    def test_a_failure_has_one_note_of_it_and_is_not_to_wait_longer(self):
        if not may_make_tun():
            self.skipTest("needs /dev/net/tun")
        for event in ('{"connect":"192.0.2.77","fail":true}', '{"connect":"192.0.2.77","sleep":20}'):
            done = self.coldframe("invoke", self.target, "--network", "none", "--timeout", 2,
                                  "--event", event)
            self.assert_exit(done, 1)
            self.assertEqual([line for line in done.err.splitlines() if "W36" in line],
                             [NOTE + REMEDY], done.err)
            self.assertNotIn("try --timeout", done.err)

    def test_another_timeout_is_to_wait_longer(self):
        done = self.coldframe("invoke", self.target, "--network", "none", "--timeout", 1,
                              "--event", '{"sleep":20}')
        self.assert_exit(done, 1)
        self.assertIn("timed out after 1 s; try --timeout 3", done.err)

    def test_which_one_is_in_force_is_kept_and_told_if_it_is_asked(self):
        function, notes = self.invoke("--network", "auto", "-v", "--event", "{}")
        self.assertIn(function["network"], ("open", "host"))
        self.assertEqual(function["requested"]["network"], "auto")
        (told,) = [note for note in notes if ": network: " in note]
        self.assertRegex(told, f"^coldframe: note: network: {function['network']}[,:] ")

    def test_that_auto_took_the_hosts_is_told_once(self):
        if shutil.which("slirp4netns") is None and shutil.which("pasta") is None:
            self.skipTest("needs slirp4netns or pasta")
        for words in ((), ("-v",)):
            self.assert_host_is_told_once(self.without_tun(
                "--event", '{"write":"/x"}', *words, cover="mount -t tmpfs none /dev/net"),
                verbose=bool(words))

    def test_what_was_asked_for_or_is_open_is_not_told(self):
        for words in (("--network", "host"), ("--sandbox", "none")):
            done = self.coldframe("invoke", self.target, "--event", "{}", *words)
            self.assertNotIn("network", done.err)
        done = self.coldframe("invoke", self.target, "--event", "{}", "--network", "open")
        if done.code == 77:
            self.skipTest(done.err.strip())
        done = self.coldframe("invoke", self.target, "--event", "{}")
        self.assertNotIn("network", done.err)

    def test_a_way_out_covers_nothing_of_the_host(self):
        """Where /tmp is a mount that others share: slirp4netns has one of its own there."""
        if os.geteuid() != 0 or shutil.which("slirp4netns") is None or not may_make_tun():
            self.skipTest("needs root, /dev/net/tun and slirp4netns")
        shared = ("mount --make-rshared / && mount --bind /tmp /tmp && mount --make-shared /tmp && "
                  '"$@" && grep -c " /tmp " /proc/self/mountinfo')
        process = self.start("invoke", self.target, "--network", "open",
                             "--event", '{"connect":"192.0.2.77","sleep":1}',
                             before=("unshare", "-m", "sh", "-c", shared, "sh"),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(out.splitlines()[-1:], [b"1"], (out, err))
        self.assertNotIn(b"no way out", err)

    def without_tun(self, *words: object,
                    cover: str = "mount --bind /dev/null /dev/net/tun") -> str:
        """stderr of an invoke that sees /dev/null in place of /dev/net/tun, or what `cover` makes."""
        cover += ' && exec "$@"'
        if os.geteuid() != 0 or not may_make_tun():
            self.skipTest("needs root and /dev/net/tun")
        process = self.start("invoke", self.target, *words,
                             before=("unshare", "-m", "sh", "-c", cover, "sh"),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, out), (0, b'"OSError"\n'), err)
        return err.decode()

    def test_without_tun_devices_connects_fail_at_once_which_is_said_once(self):
        said = self.without_tun("--network", "none", "--event", '{"connect":"192.0.2.77"}')
        self.assertEqual(said.count("no network that leads nowhere: /dev/net/tun: "), 1, said)
        self.assertIn("connects fail at once", said)
        self.assertNotIn("W36: the function tried", said)

    def test_a_way_out_that_cannot_be_made_is_told_in_its_programs_last_words(self):
        if shutil.which("slirp4netns") is None:
            self.skipTest("needs slirp4netns")
        said = self.without_tun("--network", "open", "--event",
                                '{"connect":"192.0.2.77","sleep":2}')
        told = [line for line in said.splitlines() if "no way out" in line]
        self.assertEqual(len(told), 1, said)
        self.assertRegex(told[0], "^coldframe: note: no way out: /.*slirp4netns has ended: .+")

    def test_without_a_sandbox_it_is_the_hosts(self):
        function, notes = self.invoke("--sandbox", "none", "--event", "{}")
        self.assertEqual((function["sandbox"], function["network"]), ("none", "host"))


class NetworkAsUser(StrictTest):
    """Without root's rights."""

    def test_that_auto_took_the_hosts_is_told_once_to_a_user_without_rights(self):
        if os.geteuid() != 0 or os.stat("/dev/net/tun").st_mode & 0o6 == 0o6:
            self.skipTest("needs root and a /dev/net/tun that is closed to others")
        for path in (self.place, *self.place.rglob("*")):
            os.chown(path, USER, USER, follow_symlinks=False)
        done = self.coldframe("invoke", self.target, "--event", "{}", preexec_fn=become_user)
        if done.code == 77:
            self.skipTest(done.err.strip())
        self.assert_exit(done, 0)
        self.assert_host_is_told_once(done.err)

    def test_a_user_without_rights_has_tmp_in_memory(self):
        if os.geteuid() != 0:
            self.skipTest("this is no root, who could become somebody else")
        for path in (self.place, *self.place.rglob("*")):
            os.chown(path, USER, USER, follow_symlinks=False)
        done = self.coldframe("invoke", self.target, "--event", "{}", "--json", "r.json",
                              preexec_fn=become_user)
        if done.code == 77:
            self.skipTest(done.err.strip())
        self.assert_exit(done, 0)
        self.assertEqual(json.loads((self.place / "r.json").read_text())["function"]["tmp"], "memory")


class KeptSettings(StrictTest):
    def test_where_tmp_is_and_whether_it_freezes_is_kept(self):
        for freeze in ("on", "off"):
            function, notes = self.invoke("--freeze", freeze, "--event", "{}")
            self.assertEqual((function["freeze"], function["requested"]["freeze"]), (freeze, freeze))
            in_memory = any("/tmp is in memory" in note for note in notes)
            self.assertEqual(function["tmp"], "memory" if in_memory else "disk")
        function, _ = self.invoke("--sandbox", "none", "--event", "{}")
        self.assertEqual((function["freeze"], function["tmp"]), ("on", "host"))


class SeenCpus(StrictTest):
    def test_that_this_host_has_fewer_is_told_once_whatever_limits(self):
        has = len(os.sched_getaffinity(0))
        if has >= 6:
            self.skipTest("this host has as many CPUs as the largest function")
        for limits in ("none", "auto"):
            done = self.coldframe("invoke", self.target, "--limits", limits, "--memory", 10240,
                                  "--event", "{}", "--repeat", 2)
            self.assert_exit(done, 0)
            told = [line for line in done.err.splitlines() if "vCPUs on Lambda" in line]
            self.assertEqual(len(told), 1, done.err)
            self.assertIn(f"sees 6 vCPUs on Lambda, this host has {has}", told[0])
        done = self.coldframe("invoke", self.target, "--limits", "none", "--event", "{}")
        self.assertEqual("vCPUs" in done.err, has < 2)


class TraceDenied(StrictTest):
    def test_invoke_tells_what_was_hidden(self):
        function, notes = self.invoke("--trace-denied", "--event", '{"write":"/var/task/cache.db"}')
        self.assertIs(function["traced"], True)
        self.assertEqual([note for note in notes if "W1" in note], [DENIED.format(", and hid it")])

    def test_serve_tells_it_at_its_end(self):
        with Serve(self, self.target, options=["--trace-denied", "--network", "host"]) as server:
            self.assertEqual(server.invoke({"write": "/var/task/cache.db"}).json(), "OSError")
        wait_until("it is told", lambda: DENIED.format("") in server.log().splitlines())

    def test_it_needs_the_sandbox(self):
        done = self.coldframe("invoke", self.target, "--sandbox", "none", "--trace-denied")
        self.assert_refused(done, 2, "--trace-denied", "strict sandbox")


if __name__ == "__main__":
    unittest.main(verbosity=2)
