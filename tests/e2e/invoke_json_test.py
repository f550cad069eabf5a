"""coldframe invoke --json: the result file, by docs/result-files.md and its schema."""
import json
import os
import re
import signal
import subprocess
import unittest

from e2e_support import OBEY, SOURCE, E2eTest, code_of, wait_until
from schema_check import schema_faults

LIMITS = ("cgroup v1", "cgroup v2", "cgroup hybrid", "signal", "none")
SCHEMA = json.loads((SOURCE / "docs/schemas/invoke.schema.json").read_text())


class ResultFile(E2eTest):
    def invoke(self, *words: object, code: int = 0, target: object = None) -> dict:
        """`invoke --json -`: its object, checked against the schema."""
        done = self.coldframe("invoke", target or self.function(), "--json", "-", *words)
        self.assert_exit(done, code)
        result = json.loads(done.out)  # one object and nothing else
        self.assertEqual(schema_faults(result, SCHEMA), [])
        self.assertEqual(result["verdict"]["exit_code"], code)
        return result

    def test_cold_is_true_exactly_once_over_five_repetitions(self):
        found = self.invoke("--repeat", 5)["invocations"]
        self.assertEqual([one["cold"] for one in found], [True] + [False] * 4)
        self.assertEqual(["init_ms" in one for one in found], [True] + [False] * 4)
        self.assertEqual(len({one["request_id"] for one in found}), 5)
        self.assertEqual(len({one["environment_id"] for one in found}), 1)
        self.assertEqual({one["status"] for one in found}, {"ok"})

    def test_a_run_that_a_signal_ends_has_what_it_had(self):
        mark = self.place / "mark"
        target = self.function(f"next\nrespond 1\nnext\nwrite-file {mark} x\nhang\n", "s")
        for words in (("--json", "r.json"), ("--json", "-")):
            mark.unlink(missing_ok=True)
            process = self.start("invoke", target, "--repeat", 5, "--timeout", 60, "--event", "{}",
                                 *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            wait_until("the second invoke is running", mark.exists)
            process.send_signal(signal.SIGINT)
            out, err = (data.decode() for data in process.communicate())
            self.assertEqual(code_of(process), 130)
            self.assertEqual(err.splitlines()[-1],
                             "coldframe: interrupted by SIGINT after 1 of 5 invokes")
            result = json.loads(out if words[1] == "-" else (self.place / "r.json").read_text())
            self.assertEqual(schema_faults(result, SCHEMA), [])
            self.assertEqual(len(result["invocations"]), 1)
            self.assertEqual(result["verdict"], {
                "exit_code": 130, "reasons": ["interrupted by SIGINT after 1 of 5 invokes"]})

    def test_the_head_says_what_ran_and_where(self):
        result = self.invoke("--seed", 42, "--memory", 1769, "--timeout", 7)
        self.assertEqual(result["command"], "invoke")
        self.assertEqual(result["tool"]["name"], "coldframe")
        version = self.coldframe("--version").out.split()[-1]
        self.assertEqual(result["tool"]["version"], version)
        self.assertEqual(result["seed"], 42)
        self.assertRegex(result["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        function = result["function"]
        self.assertEqual((function["name"], function["memory_mb"], function["timeout_s"]),
                         ("f", 1769, 7))
        self.assertEqual(function["vcpu"], 1)
        self.assertIn(function["limits"], LIMITS)
        self.assertEqual((function["cpu_scale"], function["sandbox"]), (1, "none"))
        self.assertEqual(result["host"]["cores"], os.cpu_count())
        self.assertRegex(result["host"]["fingerprint"], r"^[0-9a-f]{16}$")
        self.assertEqual(list(result)[-1], "verdict")

    def test_its_figures_are_those_of_report(self):
        done = self.coldframe("invoke", self.function(), "--json", "r.json", "--repeat", 2,
                              "--event", '{"do":"alloc 32MB; busy 50ms; sleep 20ms"}')
        self.assert_exit(done, 0)
        found = json.loads((self.place / "r.json").read_text())["invocations"]
        for one, line in zip(found, done.reports(), strict=True):
            report = dict(re.findall(r"([A-Z][\w ]+): ([^\t]+)", line))
            self.assertEqual(report["REPORT RequestId"], one["request_id"])
            self.assertAlmostEqual(float(report["Duration"].split()[0]), one["duration_ms"],
                                   delta=0.006)
            self.assertEqual(int(report["Billed Duration"].split()[0]), one["billed_ms"])
            self.assertEqual(int(report["Memory Size"].split()[0]), one["memory_size_mb"])
            used = int(report["Max Memory Used"].split()[0])
            self.assertLessEqual(abs(used - one["max_memory_used_bytes"] / 2**20), 1)
            self.assertGreater(one["max_memory_used_bytes"], 32 * 2**20)
            self.assertGreater(one["cpu_ms"], 45)
            self.assertGreater(one["duration_ms"], one["cpu_ms"])

    def test_with_a_file_the_payloads_still_go_to_stdout(self):
        done = self.coldframe("invoke", self.function(), "--json", "r.json", "--repeat", 2,
                              "--event", "[1, 2]")
        self.assert_exit(done, 0)
        self.assertEqual(done.out, "[1, 2]\n" * 2)
        result = json.loads((self.place / "r.json").read_text())
        self.assertEqual(schema_faults(result, SCHEMA), [])
        self.assertEqual([one["payload"] for one in result["invocations"]], [[1, 2]] * 2)

    def test_an_older_file_of_the_name_is_replaced_whole(self):
        file = self.place / "r.json"
        file.write_text("x" * 100_000)
        self.assert_exit(self.coldframe("invoke", self.function(), "--json", file), 0)
        self.assertEqual(len(json.loads(file.read_text())["invocations"]), 1)
        self.assertEqual(sorted(os.listdir(self.place)), ["f", "r.json", "state", "temp"])

    def test_a_device_is_written_directly(self):
        done = self.coldframe("invoke", self.function(), "--json", "/dev/stderr")
        self.assert_exit(done, 0)
        self.assertIn('"schema_version"', done.err)

    def test_payloads_keep_every_digit_and_what_is_no_json_becomes_text(self):
        for name, payload in (("a", '{"n":1.0,"big":123456789012345678901234567890,"n":2}'),
                              ("b", "1E+5"), ("c", "not JSON"), ("d", "")):
            with self.subTest(payload):
                target = self.function(f"next\nrespond {payload}\nnext\n", name)
                done = self.coldframe("invoke", target, "--json", "-")
                self.assert_exit(done, 0)
                written = payload if name in "ab" else json.dumps(payload)
                self.assertRegex(done.out, r'"payload":\s*' + re.escape(written))

    def test_every_way_to_fail_has_its_status(self):
        cases = {"function_error": 'error Function.Bad {\\"errorType\\":\\"Bad\\"}',
                 "exit": "exit 3", "timeout": "hang"}
        target = self.function()
        for status, do in cases.items():
            with self.subTest(status):
                result = self.invoke("--event", f'{{"do":"{do}"}}', "--timeout", 1, code=1,
                                     target=target)
                (found,) = result["invocations"]
                self.assertEqual((found["status"], found["function_error"]),
                                 (status, "Unhandled"))
                self.assertEqual(len(result["verdict"]["reasons"]), 1, result["verdict"])
                if status == "function_error":
                    self.assertEqual(result["verdict"]["reasons"],
                                     ["invocation 1: function_error: Bad"])
        self.assertEqual(found["error_type"], "Sandbox.Timedout")

    def test_an_init_error_has_its_status_too(self):
        result = self.invoke(code=3, target=self.function("exit 1\n"))
        self.assertEqual(result["invocations"][0]["status"], "init_error")
        self.assertEqual(result["invocations"][0]["error_type"], "Runtime.ExitError")
        self.assertTrue(result["verdict"]["reasons"])

    def test_a_good_run_has_no_reasons(self):
        self.assertEqual(self.invoke()["verdict"], {"exit_code": 0, "reasons": []})

    def test_a_refused_command_line_writes_no_file(self):
        done = self.coldframe("invoke", self.function(), "--event", "{bad", "--json", "r.json")
        self.assert_refused(done, 2, "--event")
        self.assertFalse((self.place / "r.json").exists())

    def test_a_file_that_cannot_be_written_is_said_before_anything_starts(self):
        for where in ("/does/not/exist/r.json", "temp"):
            with self.subTest(where):
                target = self.function("write-file started x\n" + OBEY, f"f{len(where)}")
                done = self.coldframe("invoke", target, "--json", where)
                self.assert_refused(done, (2, 4), where)
                self.assertFalse((target / "started").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
