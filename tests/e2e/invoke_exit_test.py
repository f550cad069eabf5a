"""coldframe invoke: what its exit code says about the function."""
import json
import re
import threading
import unittest

from e2e_serve import Serve
from e2e_support import OBEY, E2eTest

INIT_ERROR = '{"errorMessage":"no model","errorType":"Runtime.BadModel"}'
FAILS_ONCE = f"""starts-in starts
on-start 1
  init-error Runtime.BadModel {INIT_ERROR}
  exit 1
end
forever
  obey
end
"""


ANSWERS_ONCE = """starts-in starts
on-start 1
  next
  respond 1
  exit 1
end
on-start 3
  forever
    next
    respond 3
  end
end
exit 1
"""


class FunctionFailed(E2eTest):
    def invoke(self, do: str, *options: object, code: int = 1):
        done = self.coldframe("invoke", self.function(), "--event", json.dumps({"do": do}),
                              *options)
        self.assert_exit(done, code)
        return done

    def error(self, done) -> tuple[str, str]:
        self.assertEqual(done.out.count("\n"), 1, str(done))
        body = json.loads(done.out)
        return body["errorType"], body["errorMessage"]

    def test_a_function_error_is_1_and_its_body_is_printed_verbatim(self):
        done = self.invoke('error - {"errorMessage": "boom",  "errorType":"ValueError"}')
        self.assertEqual(done.out, '{"errorMessage": "boom",  "errorType":"ValueError"}\n')

    def test_an_exit_during_the_invoke_is_1_and_tells_the_code(self):
        kind, message = self.error(self.invoke("print last words; exit 9"))
        self.assertEqual(kind, "Runtime.ExitError")
        self.assertRegex(message, r"^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: "
                                  r"exit status 9$")

    def test_the_last_line_tells_how_the_process_ended(self):
        by_itself = "W21: the process ended by itself (exit status {}) and was to ask for events"
        ends = (("exit 3", by_itself.format(3)), ('respond "fine"; exit 3', by_itself.format(3)),
                ("signal SEGV", "W21: "), ("exit 0", by_itself.format(0)))
        for number, (do, told) in enumerate(ends):
            with self.subTest(do):
                function = self.function(name=f"f{number}")
                done = self.coldframe("invoke", function, "--event", json.dumps({"do": do}))
                last = done.err.splitlines()[-1]
                self.assertTrue(last.startswith("coldframe: note: " + told), last)
                self.assertNotIn("the function's process ended", done.err, "told already")

    def test_an_init_that_fails_after_a_function_error_is_no_function_that_cannot_start(self):
        function = self.function(ANSWERS_ONCE.replace("respond 1", f"error E {INIT_ERROR}"))
        self.assert_exit(self.coldframe("invoke", function, "--repeat", 2), 1)

    def test_an_init_that_fails_after_an_answer_is_a_function_error_whatever_comes_later(self):
        for times, code in ((2, 1), (3, 1)):
            with self.subTest(times):
                done = self.coldframe("invoke", self.function(ANSWERS_ONCE, name=f"n{times}"),
                                      "--repeat", times, "--json", self.place / "r.json")
                self.assert_exit(done, code)
                self.assertEqual(done.out.splitlines()[0], "1")
                self.assertNotIn("warning", done.err)
                verdict = json.loads((self.place / "r.json").read_text())["verdict"]
                self.assertEqual(verdict["exit_code"], 1)
                self.assertIn("invocation 2: init_error", verdict["reasons"][0])

    def test_a_clean_exit_during_the_invoke_is_still_1(self):
        kind, message = self.error(self.invoke("exit 0"))
        self.assertEqual(kind, "Runtime.ExitError")
        self.assertTrue(message.endswith("Runtime exited without providing a reason"), message)

    def test_a_signal_during_the_invoke_is_1_and_tells_its_name(self):
        for name, text in (("KILL", "killed"), ("SEGV", "segmentation fault"), ("ABRT", "aborted")):
            with self.subTest(name):
                done = self.coldframe("invoke", self.place / "f" if (self.place / "f").exists()
                                      else self.function(),
                                      "--event", json.dumps({"do": f"signal {name}"}))
                self.assert_exit(done, 1)
                self.assertTrue(self.error(done)[1].endswith("signal: " + text), done.out)

    def test_an_oversize_answer_is_1(self):
        kind, message = self.error(self.invoke("respond-size 6291557"))
        self.assertEqual(kind, "Function.ResponseSizeTooLarge")
        self.assertEqual(message, "Response payload size exceeded maximum allowed payload size "
                                  "(6291556 bytes).")

    def test_a_truncated_answer_is_1(self):
        self.assertEqual(self.error(self.invoke("respond-truncated 100 50"))[0],
                         "Runtime.TruncatedResponse")

    def test_a_timeout_is_1_and_the_last_line_names_a_value_to_try(self):
        done = self.invoke("hang", "--timeout", 1)
        kind, message = self.error(done)
        self.assertEqual(kind, "Sandbox.Timedout")
        self.assertTrue(message.endswith("Task timed out after 1.00 seconds"), message)
        self.assertIn("Duration: 1000.00 ms", done.reports()[0])
        self.assertTrue(done.reports()[0].rstrip().endswith("Status: timeout"), done.err)
        self.assertRegex(done.err.splitlines()[-1], r"^coldframe: note: .*--timeout \d+")

    def test_one_failure_among_good_repetitions_is_1(self):
        dialogue = "next\necho\nnext\nerror Function.Bad {}\nforever\n  next\n  echo\nend\n"
        done = self.coldframe("invoke", self.function(dialogue), "--repeat", 3, "--event", "5")
        self.assert_exit(done, 1)
        self.assertEqual(done.out, "5\n{}\n5\n")

    def test_each_repetition_is_answered_although_each_kills_the_runtime(self):
        done = self.invoke("exit 3", "--repeat", 4)
        self.assertEqual([json.loads(line)["errorType"] for line in done.lines()],
                         ["Runtime.ExitError"] * 4)
        self.assertEqual(len(done.reports()), 4)

    def test_a_repetition_after_a_timeout_is_answered_by_a_new_process(self):
        dialogue = "starts-in starts\non-start 1\n  next\n  hang\nend\nforever\n  obey\nend\n"
        done = self.coldframe("invoke", self.function(dialogue), "--repeat", 3, "--timeout", 1,
                              "--event", '{"do":"respond-pid"}')
        self.assert_exit(done, 1)
        kinds = [json.loads(line) for line in done.lines()]
        self.assertEqual([answer.get("count") for answer in kinds], [None, 1, 2])

    def test_an_exit_right_after_the_answer_does_not_harm_the_answer(self):
        done = self.coldframe("invoke", self.function(), "--event",
                              '{"do":"respond \\"fine\\"; exit 1"}')
        self.assertEqual(done.out, '"fine"\n')
        self.assertRegex(done.reports()[0], "Status: error\tError Type: Runtime.ExitError")

    def test_an_exit_right_after_the_answer_is_no_reason_in_the_result_file(self):
        done = self.coldframe("invoke", self.function(), "--json", "-", "--event",
                              '{"do":"respond \\"fine\\"; exit 1"}')
        self.assert_exit(done, 0)
        result = json.loads(done.out)
        self.assertEqual(result["verdict"], {"exit_code": 0, "reasons": []})
        (call,) = result["invocations"]
        self.assertEqual((call["status"], call["error_type"]), ("ok", "Runtime.ExitError"))


class CannotStart(E2eTest):
    def test_an_init_error_is_3_and_its_body_is_printed_verbatim(self):
        dialogue = f"print loading\ninit-error Runtime.BadModel {INIT_ERROR}\nexit 1\n"
        done = self.coldframe("invoke", self.function(dialogue))
        self.assert_exit(done, 3)
        self.assertEqual(done.out, INIT_ERROR + "\n")
        reports = [line for line in done.err.splitlines() if line.startswith("INIT_REPORT")]
        self.assertEqual([line.split("\t")[1] for line in reports],
                         ["Phase: init", "Phase: invoke"])
        self.assertTrue(all("Status: error\tError Type: Runtime.BadModel" in line
                            for line in reports), done.err)
        self.assertEqual(done.err.count("\nloading\n") + done.err.startswith("loading\n"), 2)

    def test_a_crash_during_init_is_3(self):
        for end, reason in (("exit 1", "exit status 1"), ("signal SEGV", "segmentation fault")):
            with self.subTest(end):
                done = self.coldframe("invoke", self.function(end + "\n", end.split()[0]))
                self.assert_exit(done, 3)
                body = json.loads(done.out)
                self.assertEqual(body["errorType"], "Runtime.ExitError")
                self.assertTrue(body["errorMessage"].endswith(reason), body)

    def test_an_init_that_never_ends_is_3(self):
        done = self.coldframe("invoke", self.function("hang\n"), "--init-limit", "200ms",
                              "--timeout", 1)
        self.assert_exit(done, 3)
        self.assertEqual(json.loads(done.out)["errorType"], "Sandbox.Timedout")
        self.assertIn("--init-limit 30s", done.err.splitlines()[-1])
        first, second = [line for line in done.err.splitlines() if line.startswith("INIT_REPORT")]
        self.assertRegex(first, r"Init Duration: \d{3,}\.\d\d ms\tPhase: init\tStatus: timeout")
        self.assertRegex(second, r"Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: timeout")

    def test_an_init_that_lambda_would_have_ended_is_told_once(self):
        told = r"note: (?:'\w+': )?init took 1\d\.\d s: Lambda would have ended this init at 10 s"
        slow = "sleep 10100ms\n" + OBEY
        options = ("--init-limit", "2m", "--timeout", 60)
        with Serve(self, self.function(slow, "on_demand"), options=options, name="a") as on_demand, \
             Serve(self, self.function(slow, "ahead"), name="b",
                   options=(*options, "--provisioned", 1)) as ahead:
            # All three at the same time.
            caller = threading.Thread(target=on_demand.invoke, args=({},))
            caller.start()
            done = self.coldframe("invoke", self.function(slow), "--repeat", 2, *options)
            self.assertEqual(ahead.invoke({}).status, 200)
            caller.join()
        self.assert_exit(done, 0)
        self.assertEqual(len(re.findall(told, done.err)), 1, done)
        self.assertEqual(len(re.findall(told, on_demand.log())), 1, on_demand.log())
        self.assertNotIn("Lambda would have ended", ahead.log())

    def test_a_program_that_the_kernel_cannot_run_is_3(self):
        directory = self.function(ImageConfig={"EntryPoint": ["./broken"]})
        for name, text in (("no interpreter", "#!/does/not/exist\n"), ("no format", "\x01\x02")):
            with self.subTest(name):
                (directory / "broken").write_text(text)
                (directory / "broken").chmod(0o755)
                done = self.coldframe("invoke", directory)
                self.assert_exit(done, 3)
                self.assertEqual(json.loads(done.out)["errorType"], "Runtime.InvalidEntrypoint")

    def test_every_repetition_of_a_function_that_cannot_start_is_answered(self):
        done = self.coldframe("invoke", self.function("exit 1\n"), "--repeat", 2)
        self.assert_exit(done, 3)
        self.assertEqual(done.out.count("\n"), 2)


class StartedLate(E2eTest):
    def test_a_first_init_that_failed_and_a_second_that_worked_is_0_with_a_warning(self):
        done = self.coldframe("invoke", self.function(FAILS_ONCE), "--event", "1")
        self.assert_exit(done, 0)
        self.assertEqual(done.out, "1\n")
        self.assertRegex(done.err, "(?m)^coldframe: warning: .*first init failed")
        self.assertNotIn("Init Duration", done.reports()[0])

    def test_a_repetition_that_worked_after_one_that_could_not_start_is_0_with_a_warning(self):
        dialogue = "starts-in starts\non-start 1\n  exit 1\nend\non-start 2\n  exit 1\nend\n" \
                   "forever\n  obey\nend\n"
        done = self.coldframe("invoke", self.function(dialogue), "--event", "1", "--repeat", 2)
        self.assert_exit(done, 0)
        self.assertEqual(done.lines()[1:], ["1"], str(done))
        self.assertIn("coldframe: warning: ", done.err)

    def test_a_slow_init_within_the_limit_is_0_without_a_warning(self):
        done = self.coldframe("invoke", self.function("sleep 400ms\n" + "forever\n obey\nend\n"))
        self.assert_exit(done, 0)
        self.assertNotIn("warning", done.err)
        found = re.search(r"Init Duration: (\d+\.\d\d) ms", done.reports()[0])
        self.assertGreater(float(found[1]), 400)


if __name__ == "__main__":
    unittest.main(verbosity=2)
