"""Options that are wrong: one sentence naming option and value, exit 2, nothing started."""
import socket
import subprocess
import unittest

from e2e_serve import free_port
from e2e_support import INSTANT, PATIENCE, PROGRAM
from refusal import RefusalTest

NUMBERS = {
    "--repeat": ("0", "-1", "x", "1.5", "", "1e3", "99999999999999999999", "1000001", "0x10"),
    "--memory": ("0", "127", "10241", "-128", "lots", "512KB", "1.5", "1e300", "inf", ""),
    "--timeout": ("0", "901", "-3", "abc", "1.5", "1500ms", "nan", "1d", "1000", ""),
    "--ephemeral-storage": ("511", "10241", "x", "-1"),
    "--init-limit": ("0", "3", "0s", "-1s", "soon", "5x", "99999999999h"),
    "--time-scale": ("0", "-1", "x", "nan", "inf", "1e400", "0.009", "1000001"),
    "--seed": ("-1", "x", "1.5", "99999999999999999999999"),
    "--log-format": ("xml", "TEXT"),
    "--credentials": ("some",),
    "--limits": ("some",),
    "--sandbox": ("some",),
    "--network": ("some",),
    "--freeze": ("maybe",),
    "--cpu-scale": ("x", "0", "-1", "0.05", "11", "1e9"),
    "--account": ("12", "12345678901x", "1234567890123"),
    "--region": ("x y", "us-east-1\nX-Evil: 1", "../etc"),
    "--name": ("a b", "a/b", "a.b", "x" * 65, "a\nb"),
    "--as": ("http", "APIGW-V1"),
}
SERVE_NUMBERS = {
    "--port": ("-1", "65536", "99999", "x", "80.5", ""),
    "--concurrency": ("0", "-1", "x", "1001"),
    "--provisioned": ("-1", "x", "11"),
    "--idle-timeout": ("never", "-1s", "aws2", "60"),
}


class Values(RefusalTest):
    def test_every_value_out_of_range_or_of_the_wrong_kind_is_named(self):
        for option, values in NUMBERS.items():
            for value in values:
                extra = ("--body", "x") if option == "--as" else ()
                named = (option, value) if value.isprintable() and len(value) < 60 else (option,)
                self.refuse(2, named, "invoke", self.target, f"{option}={value}", *extra)

    def test_what_the_help_offers_is_what_the_message_offers(self):
        help_text = self.coldframe("invoke", "--help").out
        said = self.refuse(2, ("--sandbox", "'on'"), "invoke", self.target, "--sandbox=on")
        self.assertIn("use one of auto, strict, none", said)
        self.assertRegex(help_text, r"--sandbox BY +auto, strict or none\n")
        said = self.refuse(2, ("--limits", "'on'"), "invoke", self.target, "--limits=on")
        self.assertIn("use one of auto, cgroup, signal, none\n", said)
        self.assertRegex(help_text, r"--limits BY +.*: auto, cgroup, signal or none\n")
        said = self.refuse(2, ("--freeze", "'no'"), "invoke", self.target, "--freeze=no")
        self.assertIn("use one of on, off\n", said)
        self.assertRegex(help_text, r"--freeze on\|off +")

    def test_what_needs_the_strict_sandbox_is_refused_without_it(self):
        for words in (("--network", "none"), ("--network", "open"), ("--trace-denied",)):
            for command in ("invoke", "serve"):
                self.refuse(2, (" ".join(words), "needs the strict sandbox"), command, self.target,
                            "--sandbox", "none", *words)

    def test_what_is_timed_is_not_traced(self):
        for kind in ("cold", "warm"):
            self.refuse(2, ("--trace-denied", "bench"), "bench", kind, self.target, "--sandbox",
                        "strict", "--trace-denied")

    def test_the_options_of_serve_are_checked_in_the_same_way(self):
        for option, values in SERVE_NUMBERS.items():
            for value in values:
                self.refuse(2, (option, value), "serve", self.target, f"{option}={value}")

    def test_more_provisioned_environments_than_concurrency_allows_are_refused(self):
        self.refuse(2, ("--provisioned", "3"), "serve", self.target, "--concurrency", 2,
                    "--provisioned", 3)

    def test_empty_texts_are_refused_where_a_text_is_needed(self):
        for option in ("--name", "--region", "--account", "--event-file", "--env-vars"):
            self.refuse(2, (option,), "invoke", self.target, f"{option}=")

    def test_an_empty_value_is_a_mistake_and_not_an_absent_option(self):
        (self.place / "g.jsonl").write_text('{"id":"a","event":1,"expect":1}\n')
        common = ("--memory", "--timeout", "--ephemeral-storage", "--env-vars", "--name",
                  "--region", "--account", "--log-format", "--credentials", "--init-limit",
                  "--time-scale", "--seed", "--limits", "--sandbox", "--json", "--env")
        for command, options in {
                ("invoke",): (*common, "--event-file", "--event", "--as", "--repeat"),
                ("serve",): (*(name for name in common if name != "--json"), "--host", "--port",
                             "--concurrency", "--provisioned", "--idle-timeout", "--ready-file"),
                ("validate", "--golden", "g.jsonl"): (*common, "--rtol", "--atol", "--max-fail",
                                                      "--junit", "--only", "--golden"),
                ("bench", "cold"): (*common, "--event-file", "--starts", "--threshold",
                                    "--max-time")}.items():
            for option in options:
                name, rest = (command, ()) if command[0] == "bench" else (command[:1], command[1:])
                words = (*name, self.target, *rest)
                self.refuse(2, (option, "empty"), *words, option, "")
                self.refuse(2, (option, "empty"), *words, f"{option}=")
                self.refuse(2, (option, "empty"), *name, f"{option}=", self.target, *rest)
        self.refuse(2, ("--event-file", "empty"), "invoke", self.target, "-e", "")
        self.refuse(2, ("TARGET", "empty"), "invoke", "")

    def test_an_empty_body_is_a_body(self):
        for words in (("--body", ""), ("--body=",)):
            done = self.coldframe("invoke", self.target, *words, "--as", "apigw-v2")
            self.assert_exit(done, 0)

    def test_a_very_long_value_makes_no_very_long_sentence(self):
        for option in ("--repeat", "--memory", "--name", "--region", "--log-format", "--event-file",
                       "--nonsense"):
            self.refuse(2, (), "invoke", self.target, f"{option}={'v' * 5000}")
        self.refuse(2, (), "invoke", "t" * 5000)
        self.refuse(2, (), "c" * 5000)

    def test_control_characters_and_stray_bytes_of_a_value_do_not_reach_the_terminal(self):
        for value in ("\x1b[31mred", "a\rb", "a\nb", "tab\there", b"\xff\xfe".decode("latin-1")):
            for words in (("invoke", self.target, f"--repeat={value}"),
                          ("invoke", self.target, f"--log-format={value}"),
                          ("invoke", value), (value,), ("invoke", self.target, f"--{value}")):
                self.refuse(2, (), *words)

    def test_variables_of_the_environment_are_checked_and_named_too(self):
        for name, values in {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": ("x", "64", "1.5"),
                             "AWS_LAMBDA_FUNCTION_TIMEOUT": ("x", "0", "901"),
                             "AWS_LAMBDA_FUNCTION_NAME": ("a b",)}.items():
            for value in values:
                self.refuse(2, (name, value), "invoke", self.target, **{name: value})


class Words(RefusalTest):
    def test_an_unknown_option_is_named_wherever_it_stands(self):
        for words in (("--nope",), ("invoke", "--nope"), ("invoke", self.target, "--nope"),
                      ("invoke", self.target, "--nope", "5"), ("invoke", "--nope=5", self.target),
                      ("invoke", self.target, "--nope", "--memory", "128"),
                      ("serve", self.target, "--nope")):
            self.refuse(2, ("--nope",), *words)
        self.refuse(2, ("-x",), "invoke", self.target, "-x")

    def test_an_option_of_another_command_is_named(self):
        self.refuse(2, ("--port",), "invoke", self.target, "--port", 9000)
        self.refuse(2, ("--repeat",), "serve", self.target, "--repeat", 2)

    def test_an_unknown_command_is_named(self):
        for word in ("nope", "Invoke", "version", "help"):
            self.refuse(2, (word,), word)
        self.refuse(2, ("nope",), "nope", self.target)

    def test_a_misspelt_word_is_answered_with_the_right_one(self):
        for meant, words in (("invoke", ("invok", self.target)), ("bench", ("bnech",)),
                             ("--event", ("invoke", self.target, "--evnt", "{}")),
                             ("--event", ("invoke", "--evnt={}", self.target)),
                             ("--memory", ("serve", self.target, "-memory", 128)),
                             ("--starts", ("bench", "cold", self.target, "--strats", 3)),
                             ("--version", ("--vesion",))):
            said = self.refuse(2, (f"did you mean {meant}?",), *words)
            self.assertNotRegex(said, r"\bThe following|\bexpected")
        for words in (("invoke", self.target, "-x"), ("invoke", self.target, "--zzz", "zzz"),
                      ("doctor", "zzz"), ("zzz",)):
            self.assertNotIn("did you mean", self.refuse(2, ("coldframe", "--help"), *words))

    def test_an_option_without_its_value_is_named(self):
        for option in ("--memory", "--timeout", "--event", "-e", "--env", "--repeat", "--json",
                       "--seed", "--name"):
            name = {"-e": "--event-file"}.get(option, option)
            self.refuse(2, (f"{name} has no value",), "invoke", self.target, option)

    def test_an_option_given_twice_is_named_unless_it_may_be_repeated(self):
        self.refuse(2, ("--memory is there more than once",), "invoke", self.target,
                    "--memory", 128, "--memory", 256)
        self.refuse(2, ("--event",), "invoke", self.target, "--event", "1", "--event", "2")

    def test_nothing_after_the_two_dashes_is_refused(self):
        self.refuse(2, ("--",), "invoke", "--")
        self.refuse(2, ("--",), "serve", "--")

    def test_a_target_and_a_command_are_one_too_many(self):
        self.refuse(2, ("f", "--"), "invoke", "f", "--", INSTANT)

    def test_the_habit_from_docker_is_answered_with_a_guess(self):
        (self.place / "g.jsonl").write_text('{"id":"a","event":1,"expect":1}\n')
        for words in (("serve", self.target), ("validate", self.target, "--golden", "g.jsonl"),
                      ("invoke", self.target), ("bench", "cold", self.target)):
            self.refuse(2, ("did you mean -E?",), *words, "-e", "KEY=VALUE")

    def test_what_comes_in_a_later_version_is_77_and_named(self):
        for command in ("record", "review", "accept", "compare", "sweep", "simulate", "profile",
                        "check", "shell", "init", "explain", "report"):
            self.refuse(77, (command, "version"), command, self.target)
        for words in (("validate", self.target, "--faults"), ("validate", self.target, "--fuzz", 5),
                      ("validate", self.target, "--state=full"),
                      ("bench", "cold", self.target, "--html", "r.html"),
                      ("serve", self.target, "--rie-compat")):
            self.refuse(77, (next(str(word) for word in words[2:] if "--" in str(word)).split("=")[0],
                             "version"), *words)
        for more in ((), ("--rate", 5, "--duration", "3s"), ("-e", "x.json"), ("--help",)):
            self.refuse(77, ("bench rate", "version"), "bench", "rate", self.target, *more)
        for words in (("validate", self.target, "--threshold", "errors <= 0"),
                      ("invoke", self.target, "--threshold=errors <= 0"),
                      ("invoke", self.target, "--max-time", "3s")):
            self.refuse(77, (words[2].split("=")[0], words[0], "version"), *words)

    def test_two_targets_are_too_many_for_invoke(self):
        self.refuse(2, ("TARGET",), "invoke", "f", "f")

    def test_called_as_the_emulator_of_aws_it_says_that_this_comes_later(self):
        link = self.place / "aws-lambda-rie"
        link.symlink_to(PROGRAM)
        done = subprocess.run([link, "python3", "-m", "awslambdaric", "app.handler"],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 77)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"^coldframe: .*aws-lambda-rie .*version.*\n$")

    def test_one_name_from_the_environment_is_not_for_two_targets(self):
        other = self.function(name="g")
        self.refuse(2, ("AWS_LAMBDA_FUNCTION_NAME", "unset"), "serve", self.target, other,
                    AWS_LAMBDA_FUNCTION_NAME="same")

    def test_a_command_without_a_target_says_what_to_name(self):
        self.refuse(2, ("TARGET", "function.json"), "invoke")
        self.refuse(2, ("TARGET", "function.json"), "serve")


class Settings(RefusalTest):
    def test_a_function_that_lambda_would_always_throttle_is_refused_by_those_who_call_it(self):
        (self.place / "g.jsonl").write_text('{"id":"a","event":1,"expect":1}\n')
        target = self.function(name="z", ReservedConcurrentExecutions=0)
        for words in (("invoke", target), ("validate", target, "--golden", "g.jsonl"),
                      ("bench", "cold", target), ("bench", "warm", target)):
            self.refuse(2, ("ReservedConcurrentExecutions", "'z'"), *words)

    def test_budgets_are_checked_and_said_not_to_be_applied(self):
        target = self.function(name="b", Coldframe={"Budgets": ["init.p50 < 3s", "warm.p90 < fast"]})
        for command in ("invoke", "serve"):
            self.refuse(2, ("Coldframe.Budgets", "warm.p90 < fast"), command, target)
        good = self.function(name="c", Coldframe={
            "Budgets": ["memory.peak < 400MB", "init.cpu < 3s", "warm.p90 < baseline +10%"]})
        done = self.coldframe("bench", "cold", good, "--starts", 1)
        self.assert_exit(done, 0)
        self.assertEqual(done.err.count("Coldframe.Budgets"), 1, done.err)
        self.assertIn("--threshold", done.err)


class Variables(RefusalTest):
    def test_variables_that_lambda_would_not_take_are_named(self):
        for text, name in (("=x", "=x"), ("1a=x", "1a"), ("a=x", "'a'"), ("a-b=x", "a-b"),
                           ("a b=x", "a b"), ("é1=x", "é1"), ("UNSET_HERE", "UNSET_HERE")):
            self.refuse(2, (name,), "invoke", self.target, "-E", text)

    def test_more_than_four_kilobytes_of_variables_are_refused(self):
        self.refuse(2, ("4096",), "invoke", self.target, "-E", "BIG=" + "x" * 4094)
        done = self.coldframe("invoke", self.target, "-E", "BIG=" + "x" * 4093)
        self.assert_exit(done, 0)

    def test_a_variables_file_that_cannot_be_read_is_named(self):
        (self.place / "bad.json").write_text('{"f": {"AA": 1,}}\n')
        (self.place / "list.json").write_text("[]")
        (self.place / "deep.json").write_text('{"f": {"AA": {"x": 1}}}')
        (self.place / "flat.json").write_text('{"f": "AA=1"}')
        for name, words in (("missing.json", ()), ("temp", ("directory",)), ("bad.json", (":1:",)),
                            ("list.json", ("object",)), ("deep.json", ("AA",)),
                            ("flat.json", ("f",))):
            self.refuse(2, (name, *words), "invoke", self.target, "-n", name)


    def test_a_variables_file_for_other_functions_is_warned_of_once(self):
        (self.place / "other.json").write_text('{"ff": {"AA": "1"}}')
        done = self.coldframe("invoke", self.target, "-n", "other.json", "--repeat", 2)
        self.assert_exit(done, 0)
        self.assertEqual(done.err.count("warning: other.json sets nothing for 'f'"), 1, done.err)


class Addresses(RefusalTest):
    def test_a_host_that_is_no_address_is_named(self):
        for host in ("nowhere.invalid", "256.1.1.1", "localhost:80", "1.2.3", "::zz", ""):
            self.refuse(2, (host,) if host else ("--host",), "serve", self.target, "--port", 0,
                        f"--host={host}")

    def test_an_address_of_another_machine_is_4(self):
        self.refuse(4, ("203.0.113.1",), "serve", self.target, "--host", "203.0.113.1", "--port", 0)

    def test_a_port_in_use_is_4_and_named_and_nothing_is_provisioned(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            ready = self.place / "ready"
            ready.write_text("stale\n")
            self.refuse(4, (port, "in use"), "serve", self.target, "--port", port,
                        "--provisioned", 1, "--ready-file", ready)
            self.assertFalse(ready.exists(), "a stale ready file would lie")

    def test_a_ready_file_that_cannot_be_written_is_named_before_anything_starts(self):
        for where in ("/does/not/exist/ready", "temp"):
            self.refuse((2, 4), (where,), "serve", self.target, "--port", free_port(),
                        "--provisioned", 1, "--ready-file", where)


if __name__ == "__main__":
    unittest.main(verbosity=2)
