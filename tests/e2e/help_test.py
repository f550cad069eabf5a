"""Help and version: they fit a screen, show a real example, and name only what works."""
import os
import pty
import re
import resource
import subprocess
import unittest

from e2e_support import PATIENCE, SOURCE, E2eTest

COMMANDS = ("invoke", "serve", "validate", "bench", "doctor", "completion")
WIDTH, HEIGHT = 80, 50


class Help(E2eTest):
    def screen(self, *words: str) -> str:
        done = self.coldframe(*words)
        self.assert_exit(done, 0)
        self.assertEqual(done.err, "")
        return done.out

    def test_every_screen_fits_a_terminal_of_80_columns(self):
        for words in ((), *((command,) for command in COMMANDS), ("bench", "cold"),
                      ("bench", "warm")):
            with self.subTest(" ".join(words)):
                lines = self.screen(*words, "--help").splitlines()
                self.assertLessEqual(len(lines), HEIGHT)
                for line in lines:
                    self.assertLessEqual(len(line), WIDTH, line)
                    self.assertTrue(line.isprintable(), repr(line))

    def test_the_first_screen_names_every_command_and_shows_an_example(self):
        text = self.screen("--help")
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^ +{command}\b")
        self.assertRegex(text, r"(?m)^ +coldframe invoke \S+")

    def test_the_screen_of_every_command_shows_an_example(self):
        for words in ((command,) for command in COMMANDS):
            with self.subTest(words[0]):
                text = self.screen(*words, "--help")
                self.assertRegex(text, rf"(?m)^ +coldframe {words[0]}\b")

    def test_the_screens_of_bench_name_every_metric_of_the_reference(self):
        rows = re.findall(r"(?m)^\| ((?:`\.?[\w.]+` ?)+)\|",
                          (SOURCE / "docs/thresholds.md").read_text().partition("## Metrics")[2])
        names = [name for row in rows for name in re.findall(r"`(.*?)`", row)]
        self.assertEqual(len(names), 16, names)
        manual = self.screen("completion", "man").partition(".SH THRESHOLDS")[2].partition(".SH")[0]
        terms = " ".join(re.findall(r"(?m)^\\fB(?:\\&)?(.*)\\fR$", manual))
        self.assertEqual(sorted(terms.split()), sorted(names))
        for kind in ("cold", "warm"):
            (metrics,) = re.findall(r"(?ms)^Metrics: .*?^Example", self.screen("bench", kind, "--help"))
            for name in names:
                self.assertRegex(metrics, rf"(?<![\w.]){re.escape(name)}(?![\w.])")
            self.assertIn("docs/thresholds.md", metrics)

    def test_the_short_form_is_the_same(self):
        self.assertEqual(self.screen("-h"), self.screen("--help"))
        self.assertEqual(self.screen("invoke", "-h"), self.screen("invoke", "--help"))

    def test_the_common_options_are_listed(self):
        for command in ("invoke", "serve"):
            text = self.screen(command, "--help")
            for option in ("--memory", "--timeout", "--ephemeral-storage", "-E,--env",
                           "-n,--env-vars", "--name", "--region", "--account", "--log-format",
                           "--init-limit", "--time-scale", "--seed", "--network", "-v,"):
                self.assertIn(option, text, command)

    def test_tracing_is_offered_where_nothing_is_timed(self):
        for command in ("invoke", "serve", "validate"):
            self.assertIn("--trace-denied", self.screen(command, "--help"), command)
        for kind in ("cold", "warm"):
            self.assertNotIn("--trace-denied", self.screen("bench", kind, "--help"), kind)

    def test_what_does_not_work_yet_is_not_listed(self):
        for command in COMMANDS:
            with self.subTest(command):
                text = self.screen(command, "--help")
                for word in ("template", "docker"):
                    self.assertNotIn(word, text)
        self.assertIsNone(re.search(r"(?m)^ +(record|compare|sweep|simulate|check|shell|explain)\b",
                                    self.screen("--help")))

    def test_help_wins_over_a_target_that_does_not_exist(self):
        self.assertIn("coldframe invoke", self.screen("invoke", "missing", "--help"))

    def test_without_arguments_the_help_is_shown_and_the_code_is_2(self):
        done = self.coldframe()
        self.assert_exit(done, 2)
        for command in COMMANDS:
            self.assertIn(command, done.out + done.err)

    def test_version_is_one_line(self):
        done = self.coldframe("--version")
        self.assert_exit(done, 0)
        self.assertRegex(done.out, r"^coldframe \d+\.\d+\.\d+\n$")
        self.assertEqual(done.err, "")


class Doctor(E2eTest):
    def test_it_says_what_is_in_force_and_what_this_host_has(self):
        done = self.coldframe("doctor")
        self.assert_exit(done, 0)
        self.assertEqual(done.err, "")
        for word in ("limits", "sandbox", "cgroups", "user namespaces", "open files"):
            self.assertIn(word, done.out)

    def test_it_says_which_limits_auto_takes_and_tries_them(self):
        done = self.coldframe("doctor")
        self.assertRegex(done.out, r"(?m)^ +kernel tick +[\d.]+ ms \(\d+ Hz\)")
        name = re.search(r"--limits auto takes them here:\n +(cgroup \w+|signal|none) ", done.out)
        self.assertIsNotNone(name, done.out)
        if name[1].startswith("cgroup"):
            self.assertRegex(done.out, r"self-check +a busy process of 128 MB gets 0\.0\d+ of a CPU.* "
                                       r"gaps of [\d.]+ ms: (as on Lambda\n|not as on Lambda: \S)")
        else:
            self.assertRegex(done.out, r"why not better +\S")

    def test_calibration_does_not_compare_with_what_it_does_not_know(self):
        done = self.coldframe("doctor", "--calibrate")
        self.assert_exit(done, 0)
        self.assertRegex(done.out, r"integer +[\d.]+ ns a step, spread [\d.]+ %")
        self.assertIn("\n--cpu-scale 1.0 (unknown: not compared with Lambda;", done.out)

    def test_cleaning_says_what_it_found(self):
        done = self.coldframe("doctor", "--clean")
        self.assert_exit(done, 0)
        self.assertRegex(done.out, r"(?m)^ended 0 processes that dead runs had left$")
        self.assertRegex(done.out, r"(?m)^(removed \d+ control groups|no control groups can be used)")
        self.assertRegex(done.out, r"(?m)^removed 0 unfinished disks of dead runs from /")

    def test_few_open_files_are_reported_with_a_remedy(self):
        done = self.coldframe("doctor", preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (64, 64)))
        self.assertRegex(done.out, r"(?m)^ +missing +open files .*ulimit -n")

    def test_the_place_of_the_run_registry_is_the_one_that_is_used(self):
        done = self.coldframe("doctor")
        self.assertRegex(done.out, rf"(?m)^ +ok +run registry +kept in {self.state}/coldframe$")
        (self.place / "odd").mkdir(mode=0o700)
        (self.place / "odd/coldframe").symlink_to(self.place)
        done = self.coldframe("doctor", XDG_RUNTIME_DIR=str(self.place / "odd"))
        self.assertRegex(done.out, r"(?m)^ +missing +run registry +in memory only")
        done = self.coldframe("doctor", XDG_RUNTIME_DIR="/proc/1" if os.geteuid() else "/nowhere")
        self.assertRegex(done.out, rf"(?m)^ +ok +run registry +kept in /tmp/coldframe-{os.geteuid()}$")

    def test_an_output_that_cannot_be_written_is_4_and_said(self):
        for words in (("doctor",), ("--help",), ("completion", "bash")):
            with open("/dev/full", "wb") as full:
                process = self.start(*words, stdout=full, stderr=subprocess.PIPE)
                err = process.stderr.read().decode()
            self.assertEqual(process.wait(PATIENCE), 4, words)
            self.assertEqual(err, "coldframe: cannot write to standard output: "
                                  "No space left on device\n")

    def test_it_takes_no_target(self):
        self.assert_refused(self.coldframe("doctor", "f"), 2, "f")


class Terminal(E2eTest):
    def on_terminal(self, *words: object) -> bytes:
        """What the program writes when all its output goes to a terminal."""
        ours, theirs = pty.openpty()
        process = self.start(*words, stdin=theirs, stdout=theirs, stderr=theirs,
                             env={**self.env, "TERM": "xterm-256color"})
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 65536):
                text += piece
        except OSError:
            pass  # EIO: the program has closed the terminal
        os.close(ours)
        self.assertIn(process.wait(PATIENCE), (0, 2))
        return text

    def test_nothing_is_coloured_on_a_terminal(self):
        target = self.function()
        (self.place / "g.jsonl").write_text('{"id":"a","event":{"n":1},"expect":{"n":1}}\n')
        for words in (("--help",), ("invoke", target, "--repeat", 2), ("invoke", "gone"),
                      ("validate", target, "--golden", self.place / "g.jsonl"),
                      ("bench", "cold", target, "--starts", 3)):
            with self.subTest(str(words[0])):
                text = self.on_terminal(*words)
                self.assertTrue(text)
                self.assertNotRegex(text, rb"\x1b\[[\d;]*m")

    def test_an_answer_on_a_terminal_is_not_mixed_into_a_log_line(self):
        text = self.on_terminal("invoke", self.function(), "--repeat", 3, "--event", '"answer"')
        lines = text.decode().split("\r\n")
        self.assertEqual(lines.count('"answer"'), 3, text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
