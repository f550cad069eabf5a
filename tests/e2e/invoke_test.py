"""coldframe invoke: payloads on stdout, everything else on stderr, exit codes."""
import json
import re
import subprocess
import sys
import time
import unittest

from e2e_support import (INSTANT, OBEY, PROGRAM, SANITIZED, SCRIPTED, E2eTest, code_of,
                         memory_bytes)

REPORT = re.compile(
    r"REPORT RequestId: ([0-9a-f-]{36})\tDuration: (\d+\.\d\d) ms\tBilled Duration: (\d+) ms\t"
    r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\t(?:Init Duration: (\d+\.\d\d) ms\t)?$")


class Output(E2eTest):
    def test_five_repetitions_print_five_payload_lines_on_stdout_and_nothing_else(self):
        done = self.coldframe("invoke", self.function(), "--event", '{"do":"respond-pid"}',
                              "--repeat", 5)
        self.assert_exit(done, 0)
        answers = [json.loads(line) for line in done.lines()]
        self.assertEqual([answer["count"] for answer in answers], [1, 2, 3, 4, 5])
        self.assertEqual(len({answer["pid"] for answer in answers}), 1, "one environment for all")
        self.assertEqual(done.out.count("\n"), 5)

    def test_stderr_has_start_end_and_report_of_each_invoke_in_order(self):
        done = self.coldframe("invoke", self.function(), "--repeat", 3)
        kinds = [line.split()[0] for line in done.err.splitlines()]
        self.assertEqual(kinds, ["START", "END", "REPORT"] * 3, done.err)
        ids = re.findall(r"^(?:START|END) RequestId: (\S+)", done.err, re.M)
        self.assertEqual(len(set(ids)), 3)
        self.assertEqual(ids, [one for each in dict.fromkeys(ids) for one in (each, each)])
        self.assertEqual(re.findall(r"^START RequestId: \S+ Version: \$LATEST$", done.err, re.M),
                         [f"START RequestId: {one} Version: $LATEST" for one in ids[::2]])

    def test_each_answer_stands_behind_its_report_where_both_go_to_one_place(self):
        process = self.start("invoke", self.function(), "--event", '"answer"', "--repeat", 5,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines = process.communicate()[0].decode().splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["START", "END", "REPORT", '"answer"'] * 5)

    def test_only_the_first_report_has_an_init_duration_and_bills_it(self):
        done = self.coldframe("invoke", self.function(), "--repeat", 3)
        found = [REPORT.match(line) for line in done.reports()]
        self.assertTrue(all(found), done.err)
        self.assertEqual([match[4] is not None for match in found], [True, False, False])
        for match in found:
            whole = float(match[2]) + float(match[4] or 0)
            self.assertLessEqual(abs(int(match[3]) - whole), 1.02, match[0])
            self.assertGreaterEqual(int(match[3]), whole - 0.02, match[0])

    def test_what_the_function_prints_goes_to_stderr_only(self):
        event = json.dumps({"do": 'print to stdout; print-err to stderr; frame INFO framed; '
                                  'print-partial no newline; respond "answer"'})
        done = self.coldframe("invoke", self.function(), "--event", event)
        self.assert_exit(done, 0)
        self.assertEqual(done.out, '"answer"\n')
        for text in ("to stdout", "to stderr", "framed", "no newline"):
            self.assertRegex(done.err, f"(?m)^{text}$")

    def test_a_payload_of_any_form_is_printed_as_it_came_and_ends_with_one_newline(self):
        for payload in ('""', "null", '{"a": [1,  2]}', "1e400", '{"a":1,"a":2}', "not JSON"):
            with self.subTest(payload):
                dialogue = f"forever\n  next\n  respond {payload}\nend\n"
                name = f"f{abs(hash(payload))}"
                done = self.coldframe("invoke", self.function(dialogue, name))
                self.assert_exit(done, 0)
                self.assertEqual(done.out, payload + "\n")

    def test_an_answer_with_a_bare_nan_is_passed_on_with_a_note(self):
        dialogue = 'forever\n  next\n  respond {"score": NaN}\nend\n'
        done = self.coldframe("invoke", self.function(dialogue), "--repeat", 3)
        self.assert_exit(done, 0)
        self.assertEqual(done.out, '{"score": NaN}\n' * 3)
        self.assertEqual(done.err.count("coldframe: note: the answer holds NaN, which is not JSON"),
                         1, done.err)

    def test_an_empty_payload_is_an_empty_line(self):
        done = self.coldframe("invoke", self.function("forever\n  next\n  respond\nend\n"))
        self.assert_exit(done, 0)
        self.assertEqual(done.out, "\n")

    def test_a_payload_of_six_megabytes_arrives_whole(self):
        done = self.coldframe("invoke", self.function(), "--event", '{"do":"respond-size 6291456"}')
        self.assert_exit(done, 0)
        self.assertEqual(len(done.out), 6291456 + 1)
        self.assertEqual(len(json.loads(done.out)), 6291456 - 2)

    def test_a_slow_reader_of_stdout_gets_every_byte(self):
        event = '{"do":"respond-size 1MB"}'
        process = self.start("invoke", self.function(), "--event", event, "--repeat", 4,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        size = 0
        while piece := process.stdout.read(30_000):
            size += len(piece)
        self.assertEqual(size, 4 * (1024 * 1024 + 1))
        self.assertEqual(code_of(process), 0)

    def test_a_reader_that_pauses_does_not_make_the_program_hoard_answers(self):
        process = self.start("invoke", self.function(), "--event", '{"do":"respond-size 1MB"}',
                             "--repeat", 100, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        most = 0
        for _ in range(200):
            most = max(most, memory_bytes(process.pid))
            time.sleep(0.01)
        size = len(process.stdout.read())
        self.assertEqual(size, 100 * (1024 * 1024 + 1))
        self.assertLess(most, (400 if SANITIZED else 60) * 2**20, "it keeps what nobody reads")

    def test_the_command_after_two_dashes_runs_in_the_current_directory(self):
        self.function()
        done = self.coldframe("invoke", "--event", '{"a":1}', "--", SCRIPTED, "dialogue.txt",
                              cwd=self.place / "f")
        self.assert_exit(done, 0)
        self.assertEqual(done.out, '{"a":1}\n')

    def test_the_command_after_two_dashes_may_have_options_of_its_own(self):
        script = self.place / "own.py"
        script.write_text("import os, sys\nos.execv(sys.argv[2], sys.argv[2:])\n")
        done = self.coldframe("invoke", "--repeat", 2, "--", sys.executable, script, "--memory",
                              INSTANT)
        self.assert_exit(done, 0)
        self.assertEqual(done.lines(), ["{}", "{}"])

    def test_it_works_where_sigchld_was_ignored_by_the_caller(self):
        command = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); " \
                  "os.execv(sys.argv[1], sys.argv[1:])"
        done = subprocess.run([sys.executable, "-c", command, PROGRAM, "invoke",
                               str(self.function()), "--event", '{"do":"exit 7"}'],
                              env=self.env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("exit status 7", done.stdout)

    def test_a_bootstrap_file_alone_makes_a_directory_a_function(self):
        directory = self.function(OBEY, "bare")
        (directory / "function.json").unlink()
        (directory / "bootstrap").write_text(f"#!/bin/sh\nexec {SCRIPTED} dialogue.txt\n")
        (directory / "bootstrap").chmod(0o755)
        done = self.coldframe("invoke", directory, "--event", "[1]")
        self.assert_exit(done, 0)
        self.assertEqual(done.out, "[1]\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
