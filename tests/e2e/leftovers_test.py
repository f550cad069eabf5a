"""What a function keeps with each invoke (W24, W5) is said at the end of `invoke --repeat` and `serve`;
its healthy twin, which does the same work and keeps nothing, has no note.
"""
import json
import re
import shutil
import sys
import unittest
from pathlib import Path

from e2e_serve import Serve
from e2e_support import SOURCE, E2eTest, wait_until
from schema_check import schema_faults

SCHEMA = json.loads((SOURCE / "docs/schemas/invoke.schema.json").read_text())
CANNOT = 77
REPEAT = 15

# A runtime of a few lines: the tests need nothing but the standard library.
RUNTIME = """
import http.client, os, subprocess, threading, time
kept = []
def handle(number):
{body}
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
number = 0
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    event.read()
    handle(number)
    number += 1
    request_id = event.getheader("Lambda-Runtime-Aws-Request-Id")
    api.request("POST", f"/2018-06-01/runtime/invocation/{{request_id}}/response", b"1")
    api.getresponse().read()
"""
# name: what leaks, its twin, what the note says.
BODIES = {
    "descriptors": ("kept.append(open('/etc/passwd'))", "open('/etc/passwd').close()",
                    r"W24: the function keeps 1 more file descriptor with each invoke "
                    r"\((\d+) → (\d+) in 12 invokes\); Lambda keeps environments for hours"),
    "threads": ("for _ in range(2): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
                "thread = threading.Thread(target=int); thread.start(); thread.join()",
                r"W24: the function keeps 2 more threads with each invoke \((\d+) → (\d+) in 12 "),
    "children": ("kept.append(subprocess.Popen(['sleep', '600']))",
                 "subprocess.run(['true'])",
                 r"W24: the function keeps 1 more child process with each invoke \((\d+) → (\d+) in 12 "),
    "zombies": ("kept.append(subprocess.Popen(['true']))",
                "subprocess.Popen(['true']).wait()",
                r"W24: the function keeps 1 more child process with each invoke \((\d+) → (\d+) in 12 "),
    # What is freed is not always given back at once: the twin's memory goes up and down.
    "memory": ("kept.append(os.urandom(2 << 20))", "os.urandom((number % 4 + 1) << 20)",
               r"W24: the function keeps (?:1.9|2|2.1) MB more memory with each invoke \((\d+) → (\d+) MB in 12 "),
}
TMP_LEAKS = "open(f'/tmp/{number}', 'wb').write(b'x' * (25 << 20))"
TMP_HEALTHY = "open('/tmp/same', 'wb').write(b'x' * (25 << 20))"


class LeftoversTest(E2eTest):
    def python_function(self, body: str, name: str = "f") -> Path:
        directory = self.place / name
        directory.mkdir()
        (directory / "runtime.py").write_text(RUNTIME.format(body="    " + body))
        python = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or sys.executable
        (directory / "function.json").write_text(json.dumps({
            "FunctionName": name, "MemorySize": 512, "Timeout": 30,
            "ImageConfig": {"EntryPoint": [python, "runtime.py"]}}))
        return directory

    def notes(self, body: str, *options: str, name: str = "f") -> tuple[list[str], list[dict]]:
        result = self.place / f"{name}.json"
        done = self.coldframe("invoke", self.python_function(body, name), "--event", "{}",
                              "--repeat", REPEAT, "--json", result, *options)
        if done.code == CANNOT:
            self.skipTest(done.err.strip().splitlines()[-1])
        self.assert_exit(done, 0)
        found = json.loads(result.read_text())
        self.assertEqual(schema_faults(found, SCHEMA), [])
        return (re.findall(r"coldframe: note: (W(?:24|5): .*)", done.err), found["invocations"])

    def check(self, kind: str, *options: str) -> None:
        leaks, healthy, wanted = BODIES[kind]
        texts, invocations = self.notes(leaks, *options, name="leaks")
        self.assertEqual(len(texts), 1, texts)
        found = re.match(wanted, texts[0])
        self.assertIsNotNone(found, texts)
        keys = {"memory": "resident_bytes", "zombies": "children"}
        key = keys.get(kind, kind)
        unit = 1 << 20 if kind == "memory" else 1
        # What the note says is what the result file has.
        for at, group in ((3, 1), (14, 2)):
            self.assertLessEqual(abs(invocations[at][key] / unit - int(found[group])), 0.6, texts)
        texts, invocations = self.notes(healthy, *options, name="healthy")
        self.assertEqual(texts, [])
        if kind not in ("memory", "threads"):  # a thread that was joined may not have gone yet
            self.assertEqual(invocations[3][key], invocations[14][key])


class Invoke(LeftoversTest):
    pass


class InvokeStrict(LeftoversTest):
    """The same in the strict sandbox, whose processes have numbers of their own."""


def add_tests() -> None:
    for kind in BODIES:
        def test(self, kind=kind):
            self.check(kind)

        def test_strict(self, kind=kind):
            self.check(kind, "--sandbox", "strict")

        setattr(Invoke, f"test_{kind}", test)
        setattr(InvokeStrict, f"test_{kind}", test_strict)


add_tests()


class Tmp(LeftoversTest):
    def test_W5_files_that_stay_in_tmp(self):
        texts, invocations = self.notes(TMP_LEAKS, "--sandbox", "strict", name="leaks")
        self.assertEqual(texts, ["W5: /tmp grows by 25 MB an invoke (100 → 375 MB in 12 invokes); it "
                                 "is full (512 MB) after some 20"])
        self.assertEqual([round(one["tmp_left_bytes"] / (25 << 20), 1) for one in invocations],
                         list(range(1, REPEAT + 1)))
        for one in invocations:
            self.assertGreaterEqual(one["tmp_used_bytes"], one["tmp_left_bytes"])
        texts, invocations = self.notes(TMP_HEALTHY, "--sandbox", "strict", name="healthy")
        self.assertEqual(texts, [])
        self.assertEqual(len({one["tmp_left_bytes"] for one in invocations}), 1)

    def test_the_most_in_tmp_is_seen_while_a_long_invoke_runs(self):
        body = ("open('/tmp/big', 'wb').write(b'x' * (30 << 20)); time.sleep(0.4); "
                "os.unlink('/tmp/big')")
        _, invocations = self.notes(body, "--sandbox", "strict", "--limits", "cgroup")
        for one in invocations:
            self.assertGreaterEqual(one["tmp_used_bytes"], 30 << 20)
            self.assertLess(one["tmp_left_bytes"], 1 << 20)

    def test_without_a_sandbox_tmp_is_not_its_own(self):
        _, invocations = self.notes("pass")
        self.assertFalse(any("tmp_used_bytes" in one for one in invocations))


class WorkLeft(LeftoversTest):
    """W23 is told by `invoke`, which invokes again or ends before anybody would freeze it."""

    BURNS = "threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()"
    STAYS = "kept.append(subprocess.Popen(['sleep', '600']))"
    WAITED_FOR = "subprocess.run(['true']); threading.Thread(target=int).start()"

    def w23(self, body: str, *options: str) -> list[str]:
        target = self.python_function(body)
        done = self.coldframe("invoke", target, "--event", "{}", *options)
        shutil.rmtree(target)
        if done.code == CANNOT:
            self.skipTest(done.err.strip().splitlines()[-1])
        self.assert_exit(done, 0)
        return re.findall(r"note: '\w+': (.*) when it had answered: .*\(W23\)", done.err)

    def test_W23_once_and_not_of_healthy_ones(self):
        for freeze in ("on", "off"):
            for options in (("--repeat", 1), ("--repeat", 4, "--sandbox", "strict")):
                with self.subTest(freeze=freeze, options=options):
                    options = ("--freeze", freeze, *options)
                    self.assertEqual(self.w23(self.BURNS, *options), ["it was still working"])
                    self.assertEqual(self.w23(self.STAYS, *options),
                                     ["a process that it had started was still there"])
                    self.assertEqual(self.w23(self.WAITED_FOR, *options), [])
                    self.assertEqual(self.w23("pass", *options), [])


class ServeTells(LeftoversTest):
    def log_of(self, target: Path) -> str:
        with Serve(self, target, name=target.name, options=["--concurrency", "1"]) as server:
            for _ in range(REPEAT):
                self.assertEqual(server.invoke({}).body, b"1")
            wait_until("all is logged", lambda: server.log().count("REPORT ") == REPEAT)
            self.assertNotRegex(server.log(), r"W24|W5:")
        return server.log()

    def test_at_its_end_and_not_of_the_healthy_twin(self):
        for kind, (leaks, healthy, wanted) in BODIES.items():
            with self.subTest(kind):
                log = self.log_of(self.python_function(leaks, f"{kind}-leaks"))
                self.assertRegex(log.splitlines()[-1], "coldframe: note: " + wanted)
                log = self.log_of(self.python_function(healthy, f"{kind}-healthy"))
                self.assertNotRegex(log, "W24|W5:")


if __name__ == "__main__":
    unittest.main()
