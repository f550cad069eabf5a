"""Functions that work on a laptop and fail on Lambda, through the real runtime client: each fails here
with AWS's words and a note that names the reason, and its healthy twin does not.

Those that need the strict sandbox, limits or freezing are skipped where the program says (exit 77)
that it cannot have them.
"""
import json
import re
import shutil
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

from e2e_serve import Serve
from e2e_support import PROGRAM, SCRIPTED, SOURCE, Done, E2eTest, wait_until
from e2e_user import UserTest, become_user

FAILURES = SOURCE / "fixtures/failures"
PYTHON = FAILURES / ".venv/bin/python"
CANNOT = 77

STRICT = ("--sandbox", "strict", "--init-limit", "2m")
# In the sandbox that users get who choose none.
CGROUP = ("--limits", "cgroup", "--sandbox", "auto", "--init-limit", "2m")
HERE = ("--sandbox", "none")


@dataclass(frozen=True)
class Failure:
    """What `invoke` makes of a fixture, and of the twin in its directory `healthy`. `{place}` in an
    option is a directory of the test's own."""

    name: str
    fixture: str
    options: tuple[str, ...]
    code: int
    shown: str  # in the payload or the log: a regular expression
    note: str  # in a note; empty: there is none of a violation
    healthy: str  # the twin's last payload
    also_as_user: bool = False


TABLE = (
    Failure("W1_a_write_outside_tmp", "w1_write_outside_tmp", STRICT, 1,
            r"\[Errno 30\] Read-only file system: 'cache.json'",
            "W1: wrote outside /tmp: 'cache.json'", '"kept"', also_as_user=True),
    Failure("W2_a_home_directory", "w2_home", STRICT, 1, "/home/sbx_user1051",
            "W2: HOME is not set on Lambda", '"made"', also_as_user=True),
    Failure("W3_the_cache_of_a_library", "w3_library_cache", STRICT, 0,
            "Matplotlib created a temporary cache directory",
            "set MPLCONFIGDIR=/tmp/matplotlib", '{"drawn": true}'),
    Failure("W4_a_file_for_its_owner_alone", "w4_unreadable_code", STRICT, 1,
            r"\[Errno 13\] Permission denied: '.*rules.json'",
            "W4: '", '{"limit": 3}'),
    Failure("W5_a_full_tmp", "w5_tmp_full", (*STRICT, "--repeat", "3"), 1,
            r"\[Errno 28\] No space left on device", "W5: /tmp is full (512 MB)", '"written"',
            also_as_user=True),
    Failure("W6_a_lock_in_shared_memory", "w6_lock", STRICT, 1,
            r"\[Errno (2|38)\] (No such file or directory|Function not implemented)",
            "W6: there is no /dev/shm", '{"sum": 45}', also_as_user=True),
    Failure("W6_joblib_in_serial", "w6_joblib", STRICT, 0, "joblib will operate in serial mode",
            "W6: there is no /dev/shm", '{"roots": [1.0, 2.0, 3.0]}'),
    Failure("W9_too_many_open_files", "w9_open_files", STRICT, 1,
            r"\[Errno 24\] Too many open files", "W9: 1024 open files", '{"opened": 1100}'),
    # Killed in its init, and then once more, quickly: /tmp has outlived it.
    Failure("W19_an_init_over_its_limit", "w19_slow_init",
            (*HERE, "--init-limit", "3s", "-E", "LOAD_SECONDS=4", "-E", "MARKER={place}/marker"), 0,
            r'INIT_REPORT [^\n]*Status: timeout(.|\n)*\{"loads": 2\}', "init was not done after 3 s",
            '{"loads": 1}'),
    # The same with Lambda's own 10 s: 11 s of loading are too long.
    Failure("W19_an_init_over_the_limit_of_lambda", "w19_slow_init", ("--sandbox", "strict"), 0,
            r'INIT_REPORT Init Duration: 10\d{3}\.\d+ ms[^\n]*Status: timeout(.|\n)*\{"loads": 2\}',
            "init was not done after 10 s, which is Lambda's limit", '{"loads": 1}'),
    Failure("W22_state_after_a_timeout", "w22_state_after_timeout",
            (*HERE, "--init-limit", "2m", "--repeat", "2", "-E", "STATE={place}/state"), 1,
            r'Sandbox.Timedout(.|\n)*\{"invokes": 1, "in_tmp": 2\}', "timed out after 3 s",
            '{"invokes": 2, "in_tmp": 2}', also_as_user=True),
    Failure("W22_state_after_a_timeout_in_the_sandbox", "w22_state_after_timeout",
            (*STRICT, "--repeat", "2"), 1,
            r'Sandbox.Timedout(.|\n)*\{"invokes": 1, "in_tmp": 2\}', "timed out after 3 s",
            '{"invokes": 2, "in_tmp": 2}', also_as_user=True),
    Failure("W28_too_much_memory", "w28_memory", CGROUP, 1, "Runtime.OutOfMemory", "try --memory",
            '{"bytes": 419430400}'),
    Failure("W29_too_little_cpu", "w29_slow_cpu", CGROUP, 1, "Sandbox.Timedout",
            "timed out after 5 s", '"computed"'),
    Failure("W30_a_storm_of_threads", "w30_thread_storm", (*STRICT, "--limits", "cgroup"), 1,
            "can't start new thread",
            "W9: 1024 processes and threads", '{"started": 1100}'),
    Failure("W30_a_pool_of_threads", "w30_pool_of_threads", (*STRICT, "--limits", "cgroup"), 1,
            "Sandbox.Timedout", "; 512 MB have 2 vCPUs on Lambda: set OMP_NUM_THREADS",
            '{"scored": 64}'),
    Failure("W36_no_route_out", "w36_no_route", (*STRICT, "--network", "none"), 1,
            "timed out|Network is unreachable", "W36: ", '"on its own"',
            also_as_user=True),
    Failure("W38_a_variable_of_the_shell", "w38_missing_variable", HERE, 1,
            r"KeyError(.|\n)*'SCORING_TOKEN'", "W38: SCORING_TOKEN is set in your shell only",
            '{"length": 3}', also_as_user=True),
)


class FailureTest(E2eTest):
    def setUp(self):
        super().setUp()
        self.assertTrue(PYTHON.exists(), f"{PYTHON} is missing: run fixtures/failures/setup.sh")
        self.env["SCORING_TOKEN"] = "of this shell"

    def fixture(self, name: str) -> Path:
        """A copy of it, which may be written to and started from anywhere."""
        copy = self.place / name
        shutil.copytree(FAILURES / name, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for file in copy.rglob("function.json"):
            settings = json.loads(file.read_text())
            settings["ImageConfig"]["EntryPoint"][0] = str(PYTHON)
            file.write_text(json.dumps(settings))
        if name == "w4_unreadable_code":
            (copy / "rules.json").chmod(0o600)  # git would not keep it
        return copy

    def own_place(self, name: str) -> Path:
        path = self.place / name
        path.mkdir()
        return path

    def run_or_skip(self, target: Path, options: tuple[str, ...], **more) -> Done:
        done = self.coldframe("invoke", target, "--event", "{}", *options, **more)
        if done.code == CANNOT:
            self.skipTest(done.err.strip().splitlines()[-1])
        return done

    def check(self, case: Failure, prepare=lambda: None, **more) -> None:
        broken = self.fixture(case.fixture)
        places = [self.own_place(name) for name in ("first", "second")]
        prepare()
        options = [tuple(word.format(place=place) for word in case.options) for place in places]
        done = self.run_or_skip(broken, options[0], **more)
        self.assert_exit(done, case.code)
        self.assertRegex(done.err + done.out, case.shown)
        notes = [line for line in done.err.splitlines() if line.startswith("coldframe: note: ")]
        self.assertTrue(any(case.note in line for line in notes), f"no '{case.note}' in {done}")

        done = self.run_or_skip(broken / "healthy", options[1], **more)
        self.assert_exit(done, 0)
        self.assertEqual(done.lines()[-1], case.healthy)
        # A function that copes with it has tried all the same.
        err = re.sub(r"note: W36: the function tried", "", done.err)
        self.assertIsNone(re.search(r"note: (W\d+: |init was|timed out)", err), str(done))


class Failures(FailureTest):
    pass


class FailuresAsUser(UserTest, FailureTest):
    """The same, by somebody who is not root."""

    STARTS = ([PROGRAM, "--version"], [str(PYTHON), "-c", "import awslambdaric"])


def add_tests() -> None:
    for case in TABLE:
        def test(self, case=case):
            self.check(case)

        def test_as_user(self, case=case):
            self.check(case, self.give_away, preexec_fn=become_user)

        setattr(Failures, f"test_{case.name}", test)
        if case.also_as_user:
            setattr(FailuresAsUser, f"test_{case.name}", test_as_user)


add_tests()


class BackgroundThread(FailureTest):
    """W23: what runs on after the answer stands still until the next invoke."""

    pause = 0.5

    def counts(self, target: Path, freeze: str) -> list[dict]:
        options = ("--init-limit", "2m", "--freeze", freeze)
        self.run_or_skip(target, options)
        answers = []
        with Serve(self, target, options=options) as server:
            for _ in range(3):
                answers.append(server.invoke({}).json())
                time.sleep(self.pause)
        return answers

    def test_W23_a_thread_counts_on_where_nothing_freezes_it(self):
        first, second, third = self.counts(self.fixture("w23_background_thread"), "off")
        self.assertGreater(third["count"], second["count"])
        self.assertGreater(second["count"], first["count"])

    def test_W23_a_thread_stands_still_between_invokes(self):
        first, second, third = self.counts(self.fixture("w23_background_thread"), "on")
        self.assertGreater(third["time"], first["time"] + 2 * self.pause)
        # It has a millisecond or so after each answer, and during each invoke; not the half second.
        self.assertLess(third["count"], 0.5 * 2 * self.pause / 0.01, (first, second, third))

    def test_W23_a_thread_that_is_waited_for_gets_to_its_end(self):
        for freeze in ("off", "on"):
            with self.subTest(freeze=freeze):
                twin = self.fixture("w23_background_thread") / "healthy"
                answers = self.counts(twin, freeze)
                shutil.rmtree(twin.parent)
                self.assertEqual([answer["count"] for answer in answers], [10, 20, 30])


class Notes(FailureTest):
    """Where the notes come, besides `invoke`, and where they do not."""

    def test_what_a_process_printed_before_it_died_is_explained(self):
        function = self.function("next\nprint-err OSError: [Errno 30] Read-only file system: '/x'\n"
                                 "exit 1\n")
        done = self.coldframe("invoke", function, "--event", "{}", *HERE)
        self.assert_exit(done, 1)
        self.assertIn("\ncoldframe: note: W1: wrote outside /tmp: '/x' is", done.err)

    def test_what_a_process_printed_before_its_init_failed_is_explained(self):
        function = self.function("print open /x: read-only file system\nexit 1\n")
        done = self.coldframe("invoke", function, "--event", "{}", *HERE)
        self.assert_exit(done, 3)
        self.assertEqual(done.err.count("\ncoldframe: note: W1: "), 1, str(done))

    def test_a_healthy_function_may_print_what_it_likes(self):
        function = self.function("forever\n next\n print OSError: [Errno 30] Read-only file system: "
                                 "'/x'\n print KeyError: 'HOME'\n echo\nend\n")
        done = self.coldframe("invoke", function, "--event", "{}", "--repeat", 2, *HERE)
        self.assert_exit(done, 0)
        self.assertNotRegex(done.err, r"note: W\d")

    def test_what_an_earlier_invoke_printed_explains_no_later_failure(self):
        function = self.function("next\nprint OSError: [Errno 30] Read-only file system: '/x'\necho\n"
                                 "next\nexit 1\n")
        done = self.coldframe("invoke", function, "--event", "{}", "--repeat", 2, *HERE)
        self.assert_exit(done, 1)
        self.assertNotRegex(done.err, r"note: W(?!21:)\d")

    def test_what_has_an_id_and_is_no_denial_is_told_with_what_to_look_at(self):
        error = '{"errorType":"Runtime.HandlerNotFound","errorMessage":"Handler \'x\' missing on module \'y\'"}'
        for name, dialogue, note in (
                ("handler", f"init-error Runtime.HandlerNotFound {error}\nexit 1\n",
                 "W12: 'dialogue.txt' (ImageConfig.Command in function.json) names a function that "),
                ("signal", "next\nsignal SEGV\n", "W21: native code crashed (segmentation fault)"),
                ("exit", "exit 3\n", "W21: the process ended by itself (exit status 3)"),
                ("large", "next\nrespond-size 7MB\nnext\n", "W34: the answer is larger than 6 MB")):
            with self.subTest(name):
                function = self.function(dialogue, name, ImageConfig={
                    "EntryPoint": [SCRIPTED], "Command": ["dialogue.txt"]})
                done = self.coldframe("invoke", function, "--event", "{}", *HERE)
                self.assertEqual(done.err.count("coldframe: note: " + note), 1, str(done))
                self.assertEqual(done.err.count("coldframe: note: W"), 1, str(done))

    def test_serve_tells_once_per_function_and_text(self):
        with Serve(self, self.fixture("w38_missing_variable"), options=HERE) as server:
            for _ in range(3):
                self.assertEqual(server.invoke({}).json()["errorType"], "KeyError")
            wait_until("all is logged", lambda: server.log().count("REPORT ") == 3)
            self.assertEqual(server.log().count("coldframe: note: W38: SCORING_TOKEN"), 1,
                             server.log())

    def test_serve_tells_of_each_path_and_anew_of_an_edited_function(self):
        def read_only(path: str) -> dict:
            error = {"errorType": "OSError", "errorMessage": f"[Errno 30] Read-only file system: '{path}'"}
            return {"do": "error OSError " + json.dumps(error, separators=(",", ":"))}
        function = self.function()
        with Serve(self, function, options=("--watch", *HERE)) as server:
            def told() -> list[str]:
                return re.findall(r"note: W1: wrote outside /tmp: '(\S+)'", server.log())
            for path in ("/a", "/a", "/b"):
                server.invoke(read_only(path))
            wait_until("both are told", lambda: told() == ["/a", "/b"])
            (function / "other.txt").write_text("edited")
            wait_until("the change is seen", lambda: "is a cold start" in server.log())
            server.invoke(read_only("/b"))
            wait_until("it is told again", lambda: told() == ["/a", "/b", "/b"])

    def test_validate_tells_unless_the_failure_was_wanted(self):
        function = self.fixture("w38_missing_variable")
        golden = self.place / "cases.jsonl"
        golden.write_text('{"id":"a","event":{},"expect":{"length":3}}\n')
        done = self.coldframe("validate", function, "--golden", golden, *HERE)
        self.assert_exit(done, 1)
        self.assertEqual(done.err.count("coldframe: note: W38: "), 1, str(done))
        golden.write_text('{"id":"a","event":{},"expect":{"error":{"errorType":"KeyError"}}}\n')
        done = self.coldframe("validate", function, "--golden", golden, *HERE)
        self.assert_exit(done, 0)
        self.assertNotIn("W38", done.err)

    def test_bench_tells(self):
        done = self.coldframe("bench", "cold", self.fixture("w38_missing_variable"), "--starts", 2,
                              *HERE)
        self.assertEqual(done.err.count("coldframe: note: W38: "), 1, str(done))


if __name__ == "__main__":
    unittest.main()
