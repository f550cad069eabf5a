"""coldframe invoke: function.json, its precedence against flags and environment, variables."""
import json
import re
import unittest
from datetime import datetime

from e2e_serve import Serve
from e2e_support import SCRIPTED, E2eTest, write_script

DUMP = '{"do":"dump-env"}'
NOTE = "no MemorySize or Timeout given; Lambda's defaults are in force: 128 MB, 3 s"

# What `aws lambda get-function-configuration` answers for an image function.
AWS_ANSWER = {
    "FunctionName": "scoring",
    "FunctionArn": "arn:aws:lambda:eu-central-1:210987654321:function:scoring",
    "Role": "arn:aws:iam::210987654321:role/scoring", "CodeSize": 0, "Description": "",
    "Timeout": 7, "MemorySize": 512, "LastModified": "2026-01-31T10:20:30.000+0000",
    "CodeSha256": "b8d6a1", "Version": "$LATEST",
    "Environment": {"Variables": {"LOG_LEVEL": "INFO"}},
    "TracingConfig": {"Mode": "PassThrough"}, "RevisionId": "0c5a8a4a", "State": "Active",
    "LastUpdateStatus": "Successful", "PackageType": "Image", "Architectures": ["x86_64"],
    "ImageConfigResponse": {"ImageConfig": {"EntryPoint": [SCRIPTED], "Command": ["dialogue.txt"],
                                            "WorkingDirectory": "."}},
    "EphemeralStorage": {"Size": 512},
    "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/scoring"},
}


class ConfigTest(E2eTest):
    def variables(self, target: object, *words: object, **environment: str) -> dict[str, str]:
        done = self.coldframe("invoke", target, "--event", DUMP, *words, **environment)
        self.assert_exit(done, 0)
        return json.loads(done.out)

    def memory(self, target: object, *words: object, **environment: str) -> str:
        """The memory size as the function sees it and as REPORT names it."""
        memory = self.variables(target, *words, **environment)["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        done = self.coldframe("invoke", target, *words, **environment)
        self.assertRegex(done.reports()[0], f"Memory Size: {memory} MB")
        return memory


class Files(ConfigTest):
    def test_a_directory_and_its_function_json_are_the_same_target(self):
        directory = self.function()
        for target in (directory, directory / "function.json", "f", "f/function.json", "./f/"):
            with self.subTest(str(target)):
                self.assertEqual(self.variables(target)["AWS_LAMBDA_FUNCTION_NAME"], "f")

    def test_a_file_of_another_name_can_be_named_directly(self):
        directory = self.function(file="other.json", FunctionName="other")
        found = self.variables(directory / "other.json")
        self.assertEqual(found["AWS_LAMBDA_FUNCTION_NAME"], "other")

    def test_relative_paths_are_relative_to_the_file_and_not_to_the_caller(self):
        directory = self.function(
            ImageConfig={"EntryPoint": ["bin/start"], "WorkingDirectory": "work"})
        for name in ("bin", "work"):
            (directory / name).mkdir()
        (directory / "bin/start").symlink_to(SCRIPTED)
        (directory / "work/dialogue.txt").write_text("next\nrespond 1\nnext\n")
        file = json.loads((directory / "function.json").read_text())
        file["ImageConfig"]["Command"] = ["dialogue.txt"]
        (directory / "function.json").write_text(json.dumps(file))
        self.assertEqual(self.coldframe("invoke", "f").out, "1\n")

    def test_without_a_name_the_function_is_called_as_its_directory(self):
        for directory, name in (("plain-1", "plain-1"), ("my function", "function")):
            with self.subTest(directory):
                target = self.function(name=directory, FunctionName=None)
                for words in (target, directory, f"{directory}/", f"./{directory}/function.json"):
                    self.assertEqual(self.variables(words)["AWS_LAMBDA_FUNCTION_NAME"], name)
                found = json.loads(self.coldframe("invoke", ".", "--event", DUMP, cwd=target).out)
                self.assertEqual(found["AWS_LAMBDA_FUNCTION_NAME"], name)

    def test_the_answer_of_get_function_configuration_works_unchanged(self):
        directory = self.function()
        (directory / "function.json").write_text(json.dumps(AWS_ANSWER, indent=4))
        found = self.variables(directory)
        self.assertEqual(found["AWS_LAMBDA_FUNCTION_NAME"], "scoring")
        self.assertEqual(found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "512")
        self.assertEqual(found["AWS_REGION"], "eu-central-1")
        self.assertEqual(found["LOG_LEVEL"], "INFO")
        headers = json.loads(self.coldframe("invoke", directory, "--event",
                                            '{"do":"dump-headers"}').out)
        arn = {name.lower(): value for name, value in headers.items()}
        self.assertEqual(arn["lambda-runtime-invoked-function-arn"], AWS_ANSWER["FunctionArn"])

    def test_of_an_image_it_is_said_what_the_answer_leaves_out(self):
        directory = self.function()
        for image, add in (
                ({"Command": ["app.handler"], "WorkingDirectory": "/var/no-task"},
                 '{"EntryPoint": ["python3", "-m", "awslambdaric"], "WorkingDirectory": "."}'),
                (None, '{"EntryPoint": ["python3", "-m", "awslambdaric"]}')):
            answer = {**AWS_ANSWER, "ImageConfigResponse": {"ImageConfig": image}}
            if image is None:
                del answer["ImageConfigResponse"]
            (directory / "function.json").write_text(json.dumps(answer, indent=4))
            self.assert_refused(self.coldframe("invoke", directory), 2,
                                f'{directory}/function.json', "its ENTRYPOINT is not in the file",
                                f'"ImageConfig": {add}')

    def test_of_a_zip_without_the_runtime_client_it_is_said_what_to_install(self):
        directory = self.function()
        answer = {**AWS_ANSWER, "PackageType": "Zip", "Runtime": "python3.12",
                  "Handler": "app.handler"}
        del answer["ImageConfigResponse"]
        (directory / "function.json").write_text(json.dumps(answer, indent=4))
        (self.place / "bin").mkdir()
        python = write_script(self.place / "bin/python3",
                              '#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n')
        path = f"{python.parent}:{self.env['PATH']}"
        done = self.coldframe("invoke", directory, PATH=path)
        self.assert_exit(done, 3)
        advice = "python3 -m venv .venv && .venv/bin/pip install awslambdaric"
        self.assertIn(advice, done.err.splitlines()[-1])
        with Serve(self, directory, env={**self.env, "PATH": path}) as server:
            server.invoke({})
            server.invoke({})
            self.assertEqual(server.log().count(advice), 1, server.log())

    def test_a_key_that_nobody_knows_is_warned_of(self):
        directory = self.function(Memory=512)
        done = self.coldframe("invoke", directory)
        self.assert_exit(done, 0)
        self.assertIn("function.json: Memory is a key of neither Lambda nor Coldframe", done.err)

    def test_v_lists_the_keys_that_mean_nothing_here_and_without_it_nothing_is_said(self):
        directory = self.function(Role="r", Layers=[], VpcConfig={"a": 1})
        quiet = self.coldframe("invoke", directory)
        self.assert_exit(quiet, 0)
        loud = self.coldframe("invoke", directory, "-v")
        self.assert_exit(loud, 0)
        for key in ("Role", "Layers", "VpcConfig"):
            self.assertNotIn(key, quiet.err)
            self.assertRegex(loud.err, f"(?m)^coldframe: note: .*{key}")

    def test_json_log_format_comes_from_the_file_or_the_flag_and_the_flag_wins(self):
        directory = self.function(LoggingConfig={"LogFormat": "JSON"})
        for words, is_json in ((), True), (("--log-format", "text"), False):
            done = self.coldframe("invoke", directory, *words)
            self.assertEqual('"type":"platform.start"' in done.err, is_json, done.err)
            self.assertEqual("START RequestId" in done.err, not is_json, done.err)


class Precedence(ConfigTest):
    def test_a_flag_wins_over_the_environment_which_wins_over_the_file(self):
        directory = self.function(MemorySize=300)
        environment = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "400"}
        self.assertEqual(self.memory(directory), "300")
        self.assertEqual(self.memory(directory, **environment), "400")
        self.assertEqual(self.memory(directory, "--memory", 500, **environment), "500")

    def test_the_function_name_has_the_same_precedence(self):
        directory = self.function()
        name, environment = "AWS_LAMBDA_FUNCTION_NAME", {"AWS_LAMBDA_FUNCTION_NAME": "env"}
        self.assertEqual(self.variables(directory)[name], "f")
        self.assertEqual(self.variables(directory, **environment)[name], "env")
        self.assertEqual(self.variables(directory, "--name", "flag", **environment)[name], "flag")

    def test_the_timeout_has_the_same_precedence(self):
        directory = self.function(Timeout=9)
        cases = (((), {}, 9), ((), {"AWS_LAMBDA_FUNCTION_TIMEOUT": "8"}, 8),
                 (("--timeout", 7), {"AWS_LAMBDA_FUNCTION_TIMEOUT": "8"}, 7),
                 (("--timeout", "2m"), {}, 120))
        for words, environment, seconds in cases:
            with self.subTest(seconds):
                event = '{"do":"respond @{header:Lambda-Runtime-Deadline-Ms}"}'
                done = self.coldframe("invoke", directory, "--event", event, *words, "--log-format",
                                      "json", **environment)
                start = next(json.loads(line) for line in done.err.splitlines()
                             if '"platform.start"' in line)
                self.assertAlmostEqual(int(done.out) / 1000 - epoch(start["time"]), seconds,
                                       delta=0.3)

    def test_lambdas_defaults_are_in_force_without_any_size_and_one_note_says_so(self):
        directory = self.function(MemorySize=None, Timeout=None)
        done = self.coldframe("invoke", directory, "--repeat", 2)
        self.assert_exit(done, 0)
        self.assertIn("Memory Size: 128 MB", done.reports()[0])
        self.assertEqual(done.err.count(NOTE), 1, done.err)

    def test_the_note_is_not_there_once_any_size_was_given(self):
        directory = self.function(MemorySize=None, Timeout=None)
        sized = (("--memory", 256), {}), (("--timeout", 3), {}), \
                ((), {"AWS_LAMBDA_FUNCTION_TIMEOUT": "3"})
        for words, environment in sized:
            with self.subTest(str(words or environment)):
                done = self.coldframe("invoke", directory, *words, **environment)
                self.assert_exit(done, 0)
                self.assertNotIn(NOTE, done.err)
        done = self.coldframe("invoke", self.function(name="g", Timeout=None))
        self.assertNotIn(NOTE, done.err)

    def test_region_and_account_make_the_arn(self):
        done = self.coldframe("invoke", self.function(), "--region", "ap-south-1", "--account",
                              "000000000042", "--event", '{"do":"dump-headers"}')
        self.assertIn('"arn:aws:lambda:ap-south-1:000000000042:function:f"', done.out)


class Variables(ConfigTest):
    def test_flags_win_over_the_variables_file_which_wins_over_function_json(self):
        directory = self.function(Environment={"Variables": {"AA": "file", "BB": "file",
                                                             "CC": "file"}})
        (self.place / "env.json").write_text('{"f": {"AA": "n", "BB": "n"}, "g": {"CC": "other"}}')
        found = self.variables(directory, "-n", "env.json", "-E", "AA=flag", "--env", "DD=a=b")
        self.assertEqual({name: found[name] for name in ("AA", "BB", "CC", "DD")},
                         {"AA": "flag", "BB": "n", "CC": "file", "DD": "a=b"})

    def test_a_variables_file_may_have_sams_parameters_and_numbers(self):
        (self.place / "env.json").write_text('{"Parameters": {"NN": 1.50, "FLAG": true}}')
        found = self.variables(self.function(), "-n", "env.json")
        self.assertEqual((found["NN"], found["FLAG"]), ("1.5", "true"))

    def test_an_empty_value_stays_an_empty_variable(self):
        self.assertEqual(self.variables(self.function(), "-E", "EMPTY=")["EMPTY"], "")

    def test_a_name_alone_passes_the_callers_value_on(self):
        self.assertEqual(self.variables(self.function(), "-E", "MINE", MINE="here")["MINE"], "here")

    def test_nothing_of_the_callers_environment_leaks(self):
        found = self.variables(self.function(), SECRET_TOKEN="s3cr3t", AWS_PROFILE="prod",
                               PYTHONHOME="/nowhere")
        self.assertEqual(set(found) & {"SECRET_TOKEN", "AWS_PROFILE", "HOME", "PYTHONHOME",
                                       "XDG_RUNTIME_DIR", "TMPDIR", "USER"}, set())
        self.assertNotIn("s3cr3t", json.dumps(found))

    def test_the_callers_keys_reach_the_function_only_when_asked_for(self):
        keys = {"AWS_ACCESS_KEY_ID": "AKIDCALLER", "AWS_SECRET_ACCESS_KEY": "hush"}
        directory = self.function()
        made_up = self.variables(directory, **keys)
        self.assertNotIn("CALLER", made_up["AWS_ACCESS_KEY_ID"])
        self.assertTrue(made_up["AWS_SESSION_TOKEN"])
        own = self.variables(directory, "--credentials", "env", **keys)
        self.assertEqual(own["AWS_ACCESS_KEY_ID"], "AKIDCALLER")
        self.assertEqual(own["AWS_SECRET_ACCESS_KEY"], "hush")
        self.assertNotIn("AWS_SESSION_TOKEN", own)

    def test_reserved_names_keep_lambdas_value_and_a_warning_says_so(self):
        done = self.coldframe("invoke", self.function(), "-E", "AWS_REGION=zz", "-E", "_X=1",
                              "--event", DUMP)
        self.assert_exit(done, 0)
        self.assertEqual(json.loads(done.out)["AWS_REGION"], "us-east-1")
        self.assertNotIn("_X", json.loads(done.out))
        self.assertEqual(len(re.findall(r"(?m)^coldframe: warning: .*'(?:AWS_REGION|_X)'",
                                        done.err)), 2, done.err)

    def test_a_command_without_a_name_is_called_function_and_its_last_word_is_the_handler(self):
        self.function()
        done = self.coldframe("invoke", "--event", DUMP, "--", SCRIPTED, "dialogue.txt",
                              cwd=self.place / "f")
        self.assert_exit(done, 0)
        found = json.loads(done.out)
        self.assertEqual((found["AWS_LAMBDA_FUNCTION_NAME"], found["_HANDLER"]),
                         ("function", "dialogue.txt"))


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    unittest.main(verbosity=2)
