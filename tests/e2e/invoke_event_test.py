"""coldframe invoke: where the event comes from, and that it reaches the function byte for byte."""
import json
import subprocess
import time
import unittest

from e2e_support import E2eTest, code_of

LARGEST = 6291456


class Sources(E2eTest):
    def invoke(self, *words, **more):
        done = self.coldframe("invoke", self.function(Coldframe={}), *words, **more)
        self.assert_exit(done, 0)
        return done.out

    def test_without_any_event_the_function_gets_an_empty_object(self):
        self.assertEqual(self.invoke(), "{}\n")

    def test_an_event_comes_from_the_command_line(self):
        self.assertEqual(self.invoke("--event", '{"a":1}'), '{"a":1}\n')

    def test_an_event_may_begin_with_a_dash(self):
        self.assertEqual(self.invoke("--event", "-1.5"), "-1.5\n")
        self.assertEqual(self.coldframe("invoke", "f", "--event=-2").out, "-2\n")

    def test_an_event_comes_from_a_file_relative_to_the_current_directory(self):
        (self.place / "my event.json").write_text('{"from": "file"}')
        self.assertEqual(self.invoke("-e", "my event.json"), '{"from": "file"}\n')

    def test_an_event_comes_from_standard_input(self):
        self.assertEqual(self.invoke("-e", "-", stdin='{"from":"stdin"}'), '{"from":"stdin"}\n')

    def test_standard_input_may_come_slowly_and_in_pieces(self):
        process = self.start("invoke", self.function(), "-e", "-", stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for piece in (b'{"a"', b":", b"1", b"}"):
            process.stdin.write(piece)
            process.stdin.flush()
            time.sleep(0.05)
        process.stdin.close()
        self.assertEqual(process.stdout.read(), b'{"a":1}\n')
        self.assertEqual(code_of(process), 0)

    def test_the_event_of_function_json_is_used_and_is_relative_to_that_file(self):
        directory = self.function(Coldframe={"Event": "events/one.json"})
        (directory / "events").mkdir()
        (directory / "events/one.json").write_text('{"from":"config"}')
        done = self.coldframe("invoke", directory)
        self.assertEqual(done.out, '{"from":"config"}\n', str(done))

    def test_an_event_on_the_command_line_wins_over_that_of_function_json(self):
        directory = self.function(Coldframe={"Event": "missing.json"})
        done = self.coldframe("invoke", directory, "--event", "1")
        self.assertEqual(done.out, "1\n", str(done))

    def test_every_repetition_gets_the_same_event(self):
        self.assertEqual(self.invoke("-e", "-", "--repeat", 3, stdin="[7]"), "[7]\n" * 3)


class Bytes(E2eTest):
    def test_the_event_reaches_the_function_byte_for_byte(self):
        event = ' {"a": 1.0, "a":1, "big": 123456789012345678901234567890, "e":1E400, ' \
                '"u":"\\u00e9é\\ud83d\\ude00"}\t'
        file = self.place / "event.json"
        file.write_text(event)
        done = self.coldframe("invoke", self.function(), "-e", file)
        self.assert_exit(done, 0)
        self.assertEqual(done.out, event + "\n")

    def test_a_newline_at_the_end_of_the_file_is_part_of_the_event(self):
        done = self.coldframe("invoke", self.function(), "-e", "-", stdin='{"a":1}\n')
        self.assertEqual(done.out, '{"a":1}\n\n')

    def test_an_event_of_the_largest_size_passes_whole(self):
        event = json.dumps("x" * (LARGEST - 2))
        self.assertEqual(len(event), LARGEST)
        done = self.coldframe("invoke", self.function(), "-e", "-", stdin=event)
        self.assert_exit(done, 0)
        self.assertEqual(done.out, event + "\n")


class Fronts(E2eTest):
    BODY = '{"x": "é", "y": [1, 2]}'

    def event(self, front: str, body: str = BODY) -> dict:
        done = self.coldframe("invoke", "f", "--body", body, "--as", front)
        self.assert_exit(done, 0)
        self.assertEqual(done.out.count("\n"), 1)
        return json.loads(done.out)

    def setUp(self):
        super().setUp()
        self.function()

    def test_a_rest_api_event_has_the_v1_form(self):
        event = self.event("apigw-v1")
        self.assertEqual(event["body"], self.BODY)
        self.assertIs(event["isBase64Encoded"], False)
        self.assertEqual((event["httpMethod"], event["path"], event["resource"]),
                         ("POST", "/", "/"))
        self.assertEqual(event["multiValueHeaders"],
                         {name: [value] for name, value in event["headers"].items()})
        for absent in ("queryStringParameters", "multiValueQueryStringParameters",
                       "pathParameters", "stageVariables"):
            self.assertIsNone(event[absent])
        context = event["requestContext"]
        self.assertEqual(context["accountId"], "123456789012")
        self.assertEqual(context["httpMethod"], "POST")
        self.assertIn("sourceIp", context["identity"])
        self.assertIsInstance(context["requestTimeEpoch"], int)

    def test_an_http_api_event_has_the_v2_form(self):
        event = self.event("apigw-v2")
        self.assertEqual((event["version"], event["routeKey"]), ("2.0", "POST /"))
        self.check_v2(event)
        self.assertEqual(event["requestContext"]["accountId"], "123456789012")

    def test_a_function_url_event_has_the_v2_form_of_an_anonymous_caller(self):
        event = self.event("url")
        self.assertEqual((event["version"], event["routeKey"]), ("2.0", "$default"))
        self.check_v2(event)
        self.assertEqual(event["requestContext"]["accountId"], "anonymous")
        self.assertIn(".lambda-url.us-east-1.on.aws", event["requestContext"]["domainName"])

    def check_v2(self, event: dict) -> None:
        self.assertEqual(event["body"], self.BODY)
        self.assertIs(event["isBase64Encoded"], False)
        self.assertEqual((event["rawPath"], event["rawQueryString"]), ("/", ""))
        for absent in ("cookies", "queryStringParameters", "httpMethod"):
            self.assertNotIn(absent, event)
        self.assertTrue(all(name == name.lower() for name in event["headers"]))
        self.assertEqual(event["headers"]["content-length"], str(len(self.BODY.encode())))
        http = event["requestContext"]["http"]
        self.assertEqual((http["method"], http["path"], http["protocol"]),
                         ("POST", "/", "HTTP/1.1"))
        self.assertRegex(event["requestContext"]["time"],
                         r"^\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000$")

    def test_a_load_balancer_event_names_its_target_group(self):
        event = self.event("alb")
        self.assertEqual(event["body"], self.BODY)
        self.assertTrue(event["requestContext"]["elb"]["targetGroupArn"].startswith(
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/"))
        self.assertEqual((event["httpMethod"], event["path"]), ("POST", "/"))
        self.assertEqual(event["queryStringParameters"], {})

    def test_a_body_need_not_be_json(self):
        for body in ("plain text", "", 'a "quoted"\ttext', "-", "@file"):
            with self.subTest(body):
                self.assertEqual(self.event("url", body).get("body", ""), body)


if __name__ == "__main__":
    unittest.main(verbosity=2)
