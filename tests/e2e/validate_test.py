"""coldframe validate with goldens made on the fly: verdicts, exit codes, what is refused."""
import json
import shlex
import signal
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

from e2e_support import PROGRAM, SOURCE, Done, code_of, wait_until
from refusal import RefusalTest
from schema_check import schema_faults

SCHEMA = json.loads((SOURCE / "docs/schemas/validate.schema.json").read_text())


class ValidateTest(RefusalTest):
    def goldens(self, *cases: object, name: str = "g.jsonl") -> str:
        (self.place / name).write_text("".join(
            (case if isinstance(case, str) else json.dumps(case)) + "\n" for case in cases))
        return name

    def validate(self, *words: object, **more) -> Done:
        return self.coldframe("validate", self.target, *words, **more)

    def statuses(self, *words: object, code: int) -> dict[str, str]:
        done = self.validate("--json", "-", *words)
        self.assert_exit(done, code)
        result = json.loads(done.out)
        self.assertEqual(schema_faults(result, SCHEMA), [])
        self.assertEqual(result["verdict"]["exit_code"], code)
        return {case["id"]: case["status"] for case in result["cases"]}


def case(name: str, event: object, expect: object, **more: object) -> dict:
    return {"id": name, "event": event, "expect": expect, **more}


class Verdicts(ValidateTest):
    def test_right_answers_are_0(self):
        file = self.goldens(case("a", {"x": 1}, {"x": 1}), case("b", [1.0], [1.0000000001]))
        done = self.validate("--golden", file)
        self.assert_exit(done, 0)
        self.assertRegex(done.out.splitlines()[-1], "^PASS")

    def test_wrong_answers_are_1_and_errors_are_told_apart(self):
        file = self.goldens(
            case("right", 1, 1), case("number", 1.5, 1.6), case("text", "a", "b"),
            case("missing", {"x": 1}, {"x": 1, "y": 2}), case("hang", {"do": "hang"}, 1),
            case("crash", {"do": "exit 3"}, 1),
            case("raised", {"do": 'error Function.Bad {"errorType":"Bad"}'}, 1),
            case("expected", {"do": 'error Function.Bad {"errorType":"Bad"}'},
                 {"error": {"errorType": "Bad"}}))
        self.assertEqual(self.statuses("--golden", file, "--timeout", 1, code=1), {
            "right": "pass", "number": "fail", "text": "fail", "missing": "fail", "hang": "error",
            "crash": "error", "raised": "fail", "expected": "pass"})

    def test_an_answer_that_changes_when_warm_fails(self):
        self.target = self.function('next\nrespond 1\nforever\n  next\n  respond 2\nend\n', "w")
        file = self.goldens(case("a", {}, 1))
        self.assertEqual(self.statuses("--golden", file, code=1), {"a": "fail"})

    def test_bare_nan_of_the_python_client_is_a_failure_that_names_its_path(self):
        self.target = self.function('forever\n  next\n  respond {"score": NaN}\nend\n', "n")
        file = self.goldens(case("a", {}, {"score": 1.0}))
        done = self.validate("--golden", file)
        self.assert_exit(done, 1)
        self.assertIn("$.score", done.out)
        self.assertIn("NaN", done.out)

    def test_json_inside_a_string_body_is_compared_inside(self):
        body = '{"score": 0.1234, "label": "cat"}'
        file = self.goldens(case("a", {"statusCode": 200, "body": body},
                                 {"statusCode": 200, "body": {"label": "cat", "score": 0.1234}}),
                            case("b", {"statusCode": 200, "body": body},
                                 {"statusCode": 200, "body": {"label": "cat", "score": 0.2}}))
        done = self.validate("--golden", file)
        self.assert_exit(done, 1)
        self.assertRegex(done.out, r"(?m)^ +b +\$\.body!\.score ")
        self.assertNotRegex(done.out, r"(?m)^ +a ")

    def test_max_fail_allows_that_many_wrong_answers(self):
        file = self.goldens(*(case(f"c{i}", i, i if i else 9) for i in range(10)))
        self.assert_exit(self.validate("--golden", file), 1)
        self.assert_exit(self.validate("--golden", file, "--max-fail", 1), 0)
        self.assert_exit(self.validate("--golden", file, "--max-fail", "10%"), 0)
        self.assert_exit(self.validate("--golden", file, "--max-fail", 0), 1)

    def test_what_max_fail_excuses_is_said_everywhere(self):
        file = self.goldens(case("good", 1, 1), case("bad", 1, 2))
        done = self.validate("--golden", file, "--max-fail", 1, "--github", "--json", "r.json",
                             "--junit", "r.xml")
        self.assert_exit(done, 0)
        sentence = "--max-fail 1 excuses 1 of 2 cases that failed: bad"
        self.assertIn(f"PASS   1 of 2 cases, cold and warm; {sentence}\n", done.out)
        self.assertRegex(done.err, r"(?m)^::warning file=g\.jsonl,line=2,title=golden case bad")
        self.assertNotIn("::error", done.err)
        result = json.loads((self.place / "r.json").read_text())
        self.assertEqual(schema_faults(result, SCHEMA), [])
        self.assertEqual(result["verdict"], {"exit_code": 0, "reasons": [sentence]})
        junit = ElementTree.parse(self.place / "r.xml")
        self.assertEqual(junit.findall(".//failure"), [])
        self.assertIn("--max-fail", junit.find(".//testcase[@name='bad']/skipped").get("message"))

    def test_all_that_failed_are_run_again_by_the_line_that_says_so(self):
        file = self.goldens(*(case(f"c{i}", i, i if i % 2 else -1) for i in range(50)))
        bad = [f"c{i}" for i in range(0, 50, 2)]

        def again(done: Done) -> list[str]:
            (line,) = (line for line in done.lines() if line.startswith("again  "))
            words = shlex.split(line)
            self.assertEqual(words[:2], ["again", PROGRAM], "the program as it was called")
            return words[2:]

        done = self.validate("--golden", file)
        self.assertIn("and 15 more; -v, --json FILE or --junit FILE lists them all", done.out)
        self.assertEqual(sorted(again(done)[-1].split(",")), sorted(bad))
        self.assertIn("cases  25   pass 0   fail 25", self.coldframe(*again(done)).out)
        done = self.validate("--golden", file, "-v")
        self.assertNotIn(" more; -v", done.out)
        for name in bad:
            self.assertRegex(done.out, rf"(?m)^  {name} +\$ ")
        done = self.validate("--golden", file, "--json", "r.json")
        self.assertEqual(again(done)[-2:], ["--failed-from", "r.json"])
        done = self.coldframe(*again(done))
        self.assert_exit(done, 1)
        self.assertIn("cases  25   pass 0   fail 25", done.out)

    def test_what_its_time_did_not_suffice_for_is_not_judged(self):
        file = self.goldens(*(case(f"c{i}", {"do": "sleep 10ms; respond 1"}, 1)
                              for i in range(100)))
        done = self.validate("--golden", file, "--max-time", "300ms", "--json", "r.json")
        self.assert_exit(done, 5)
        self.assertRegex(done.out, r"UNDECIDED   exit 5   --max-time was over after \d+ of 200 calls; "
                                   "100 of 100 cases were not judged")
        result = json.loads((self.place / "r.json").read_text())
        self.assertEqual(schema_faults(result, SCHEMA), [])
        self.assertEqual(result["verdict"]["exit_code"], 5)

    def test_the_goldens_of_function_json_are_used_without_a_flag(self):
        self.target = self.function(name="c", Coldframe={"Golden": "golden/cases.jsonl"})
        (self.target / "golden").mkdir()
        self.goldens(case("a", 1, 2), name="c/golden/cases.jsonl")
        self.assertEqual(self.statuses(code=1), {"a": "fail"})
        self.assertEqual(self.coldframe("test", self.target).code, 1, "its other name")

    def test_a_timeout_is_answered_with_a_value_to_try_unless_it_was_wanted(self):
        wanted = {"error": {"errorType": "Sandbox.Timedout"}}
        answer = self.goldens(case("a", {"do": "hang"}, 1), name="answer.jsonl")
        timeout = self.goldens(case("a", {"do": "hang"}, wanted), name="timeout.jsonl")
        runs = (lambda: self.validate("--golden", answer, "--timeout", 1),
                lambda: self.validate("--golden", timeout, "--timeout", 1),
                lambda: self.coldframe("bench", "cold", self.target, "--starts", 1, "--timeout", 1,
                                       "--event", '{"do":"hang"}'))
        with ThreadPoolExecutor() as pool:  # each of them waits for timeouts
            failed, passed, measured = pool.map(lambda run: run(), runs)
        self.assert_exit(failed, 1)
        self.assertIn("--timeout 3", failed.err)
        self.assert_exit(passed, 0)
        self.assertNotIn("--timeout 3", passed.err)
        self.assertIn("--timeout 3", measured.err.splitlines()[-1])

    def test_the_line_that_runs_it_again_repeats_the_whole_command(self):
        golden = self.goldens(case("it is", 1, 2), case("good", 1, 1), name="my cases.jsonl")
        done = self.coldframe("validate", "--sandbox", "none", "--golden",
                              self.place / golden, "-E", "AB=x y", "--name", "g", "--memory", 512, "--", self.target / "start.sh",
                              cwd=self.target)
        again = next(line for line in done.lines() if line.startswith("again  "))
        self.assertEqual(
            again, f"again  {shlex.quote(PROGRAM)} validate --sandbox none "
                   f"--golden '{self.place}/my cases.jsonl' -E 'AB=x y' --name g --memory 512 "
                   f"--only 'it is' -- {self.target}/start.sh")

    def test_a_wrong_big_integer_is_told_by_how_much_and_kept_as_it_is(self):
        file = self.goldens(case("off", 9007199254740992, 9007199254740993),
                            case("huge", [10 ** 30 + 1], {"n": 10 ** 30}))
        done = self.validate("--golden", file, "--json", "r.json")
        self.assert_exit(done, 1)
        self.assertRegex(done.out, r"(?m)^  off +\$ +9007199254740993 +9007199254740992 +1 ")
        result = json.loads((self.place / "r.json").read_text())
        self.assertEqual(schema_faults(result, SCHEMA), [])
        off, huge = (one["findings"][0] for one in result["cases"])
        self.assertEqual((off["abs"], result["summary"]["max_abs"]), (1, 1))
        self.assertEqual(huge["got"], f"[{10 ** 30 + 1}]")

    def test_a_tolerance_of_zero_may_be_written_in_any_way(self):
        file = self.goldens(case("a", 1.5, 1.5))
        for zero in ("0", "0.0", "0e0"):
            self.assert_exit(self.validate("--golden", file, "--rtol", zero, "--atol", zero), 0)

    def test_a_crash_after_a_second_init_that_worked_is_1_and_not_3(self):
        self.target = self.function("starts-in starts\non-start 1\n  exit 1\nend\n"
                                    "forever\n  obey\nend\n", "second")
        file = self.goldens(case("a", {"do": "exit 1"}, 1))
        self.assert_exit(self.validate("--golden", file), 1)

    def test_a_function_that_cannot_start_is_3(self):
        self.target = self.function("exit 1\n", "dead")
        done = self.validate("--golden", self.goldens(case("a", 1, 1)))
        self.assert_exit(done, 3)

    def test_what_the_function_printed_before_its_init_failed_is_shown(self):
        golden = self.goldens(case("a", 1, 1))
        self.target = self.function("print-err Traceback (most recent call last):\n"
                                    "print-err ImportError: no \\x1b[31m numppy\nexit 1\n", "dead")
        for words in (("validate", self.target, "--golden", golden),
                      ("bench", "cold", self.target), ("bench", "warm", self.target)):
            done = self.coldframe(*words)
            self.assert_exit(done, 3)
            self.assertIn("coldframe: what the function printed before its init failed:\n"
                          "  Traceback (most recent call last):\n"
                          "  ImportError: no  [31m numppy\n", done.err)
            self.assertNotIn("INIT_REPORT", done.err)
            verbose = self.coldframe(*words, "-v")
            self.assertNotIn("what the function printed", verbose.err)
            self.assertIn("INIT_REPORT", verbose.err)

    def test_of_a_long_log_before_a_failed_init_the_last_lines_are_shown(self):
        golden = self.goldens(case("a", 1, 1))
        self.target = self.function("print-size 100KB\nprint-err the reason\nexit 1\n", "loud")
        done = self.validate("--golden", golden)
        lines = done.err.splitlines()
        self.assertRegex(lines[1], r"^  … \d+ lines before; -v shows all$")
        self.assertEqual(len(lines), 23)
        self.assertEqual(lines[-2], "  the reason")
        self.assertIn("W21: the process ended by itself (exit status 1)", lines[-1])
        self.target = self.function("hang\n", "mute")
        done = self.validate("--golden", golden, "--timeout", 1, "--init-limit", "200ms")
        self.assertIn("printed nothing before its init failed", done.err)

    def test_a_log_that_was_kept_back_is_mentioned_when_a_case_fails(self):
        for expect, said in ((1, False), (2, True)):
            golden = self.goldens(case("a", {"do": "print why; respond 1"}, expect))
            done = self.validate("--golden", golden)
            self.assertEqual("the function's own log is not shown; -v" in done.err, said, done.err)

    def test_a_signal_ends_it_and_leaves_nothing(self):
        file = self.goldens(case("a", {"do": "print busy; hang"}, 1))
        log = self.place / "log"
        process = self.start("validate", self.target, "--golden", file, "-v", "--timeout", 60,
                             stdout=subprocess.DEVNULL, stderr=log.open("wb"))
        wait_until("the case is running", lambda: b"busy" in log.read_bytes())
        process.send_signal(signal.SIGINT)
        self.assertEqual(code_of(process), 130)
        self.assert_nothing_left()


    def test_a_signal_leaves_a_result_file_that_says_so(self):
        file = self.goldens(case("good", 1, 1), case("bad", 1, 2),
                            case("a", {"do": "print busy; hang"}, 1), case("last", 1, 1))
        mark = self.place / "busy"
        self.target = self.function(f"next\necho\nnext\necho\nnext\nwrite-file {mark} x\nhang\n",
                                    "slow")
        process = self.start("validate", self.target, "--golden", file, "--json", "r.json",
                             "--junit", "r.xml", "--timeout", 60, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        wait_until("the case is running", mark.exists)
        process.send_signal(signal.SIGTERM)
        out = process.communicate()[0].decode()
        self.assertEqual(code_of(process), 143)
        reason = "interrupted by SIGTERM after 2 of 8 calls; 3 of 4 cases were not judged"
        self.assertIn(f"STOPPED   exit 143   {reason}\n", out)
        result = json.loads((self.place / "r.json").read_text())
        self.assertEqual(schema_faults(result, SCHEMA), [])
        self.assertEqual(result["verdict"], {"exit_code": 143, "reasons": [reason]})
        self.assertEqual([one["status"] for one in result["cases"]],
                         ["skip", "fail", "skip", "skip"])
        self.assertEqual(len(ElementTree.parse(self.place / "r.xml").findall(".//skipped")), 3)


class Refused(ValidateTest):
    GOOD = '{"id":"a","event":{},"expect":{}}'

    def test_a_malformed_line_is_named_by_file_and_line(self):
        lines = ("{bad", "[]", "1", '"text"', "{}", '{"id":"b"}', '{"id":"b","event":1}',
                 '{"id":"b","expect":1}', '{"id":5,"event":1,"expect":1}',
                 '{"id":"a","event":1,"expect":1}', '{"id":"b","event":1,"expect":1,"evnt":2}',
                 '{"id":"b","event":1,"expect":1,"rules":5}', '{"id":"","event":1,"expect":1}',
                 '{"id":"b,c","event":1,"expect":1}', '{"id":"b","event":"@gone.json","expect":1}',
                 '{"id":"b","event":1,"expect":1,"tags":"smoke"}', self.GOOD + self.GOOD,
                 '{"id":"b","event":1,"expect":{"any":true,"rules":[{"path":"nope"}]}}')
        for line in lines:
            file = self.goldens(self.GOOD, "", line, '{"id":"z","event":1,"expect":1}')
            self.refuse(2, ("g.jsonl:3",), "validate", self.target, "--golden", file)

    def test_a_line_cut_off_at_the_end_of_the_file_is_named(self):
        (self.place / "g.jsonl").write_text(self.GOOD + "\n" + self.GOOD[:20])
        self.refuse(2, ("g.jsonl:2",), "validate", self.target, "--golden", "g.jsonl")

    def test_the_second_of_two_files_is_named_when_it_is_the_wrong_one(self):
        self.goldens(self.GOOD)
        self.goldens('{"id":"b","event":1,"expect":1}', "oops", name="h.jsonl")
        self.refuse(2, ("h.jsonl:2",), "validate", self.target, "--golden", "g.jsonl", "--golden",
                    "h.jsonl")

    def test_files_that_cannot_be_read_are_named(self):
        (self.place / "empty.jsonl").write_text("\n\n")
        for name in ("gone.jsonl", "temp", "empty.jsonl"):
            self.refuse(2, (name,), "validate", self.target, "--golden", name)

    def test_without_any_golden_it_says_what_to_name(self):
        self.refuse(2, ("--golden",), "validate", self.target)

    def test_bad_options_are_named(self):
        file = self.goldens(self.GOOD)
        for option, value in (("--rtol", "-1"), ("--rtol", "x"), ("--atol", "nan"),
                              ("--max-fail", "x"), ("--max-fail", "-1"), ("--max-fail", "101%"),
                              ("--max-fail", "inf"), ("--rtol", "inf"),
                              ("--only", "gone")):
            self.refuse(2, (option, value), "validate", self.target, "--golden", file, option,
                        value)
        for option, value in (("--json", "/gone/r.json"), ("--junit", "temp")):
            self.refuse((2, 4), (value,), "validate", self.target, "--golden", file, option, value)

    def test_a_result_file_with_nothing_to_run_again_is_named(self):
        file = self.goldens(self.GOOD)
        (self.place / "r.json").write_text('{"command": "bench cold", "cases": []}')
        (self.place / "old.json").write_text(
            '{"command": "validate", "cases": [{"id": "gone", "status": "fail"}]}')
        for words in (("r.json",), ("/gone/r.json",), ("temp",), (file,), ("old.json",),
                      ("old.json", "--only", "a")):
            self.refuse(2, ("--failed-from", *words[1:2]), "validate", self.target, "--golden",
                        file, "--failed-from", *words)
        self.refuse(2, ("gone",), "validate", self.target, "--golden", file, "--failed-from",
                    "old.json")

    def test_the_gates_of_later_versions_are_refused(self):
        file = self.goldens(self.GOOD)
        for words in (("--state", "full"), ("--faults",), ("--fuzz", "10")):
            self.refuse(77, (words[0],), "validate", self.target, "--golden", file, *words)


if __name__ == "__main__":
    unittest.main(verbosity=2)
