#!/usr/bin/env python3
"""boto3 against `coldframe serve`: the same fields and exceptions as on AWS.

    tests/sdk/setup.sh && COLDFRAME=build/release/bin/coldframe tests/sdk/sdk_test.py
"""
from __future__ import annotations

import base64
import json
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any

import sdk_support

if __name__ == "__main__":
    sdk_support.enter_venv()

import boto3  # noqa: E402  (comes with the environment entered above)
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

NAME, ARN = sdk_support.NAME, sdk_support.ARN
WAIT_SECONDS = 15


def client_for(url: str, **config: Any) -> Any:
    return boto3.client("lambda", endpoint_url=url, config=Config(**config))


class SdkTest(unittest.TestCase):
    """One emulator for each class, and a scratch directory for each test."""

    options: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = cls.enterClassContext(sdk_support.serve(cls.options))
        cls.client = client_for(cls.emulator.url)

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="coldframe-sdk-")
        self.addCleanup(directory.cleanup)
        self.mark = Path(directory.name, "mark")
        self.gate = Path(directory.name, "gate")

    def invoke(self, event: Any, **arguments: Any) -> dict:
        arguments.setdefault("FunctionName", NAME)
        payload = event if isinstance(event, bytes) else json.dumps(event)
        return self.client.invoke(Payload=payload, **arguments)

    def answer(self, event: Any, **arguments: Any) -> Any:
        """The payload of an invoke that must be a success."""
        response = self.invoke(event, **arguments)
        payload = response["Payload"].read()
        self.assertNotIn("FunctionError", response, payload)
        return json.loads(payload)

    def wait_for_marks(self, count: int) -> list[str]:
        give_up = time.monotonic() + WAIT_SECONDS
        while len(sdk_support.marks(self.mark)) < count and time.monotonic() < give_up:
            time.sleep(0.02)
        return sdk_support.marks(self.mark)

    def request_error(self, expected: type[Exception], event: Any, **arguments: Any) -> dict:
        """The response of an invoke that must raise `expected`."""
        with self.assertRaises(expected) as caught:
            self.invoke(event, **arguments)
        return caught.exception.response


def status(response: dict) -> int:
    return response["ResponseMetadata"]["HTTPStatusCode"]


def request_id(response: dict) -> str:
    return response["ResponseMetadata"]["RequestId"]


class SynchronousInvoke(SdkTest):
    def test_it_has_the_fields_that_it_has_on_aws(self) -> None:
        response = self.invoke({"op": "context"})
        seen = json.loads(response["Payload"].read())
        self.assertEqual(response["StatusCode"], 200)
        self.assertEqual(response["ExecutedVersion"], "$LATEST")
        self.assertNotIn("FunctionError", response)
        self.assertNotIn("LogResult", response)
        self.assertEqual(response["ResponseMetadata"]["HTTPHeaders"]["content-type"],
                         "application/json")
        self.assertEqual(seen, {"request_id": request_id(response), "function_name": NAME,
                                "function_version": "$LATEST", "arn": ARN,
                                "memory_mb": sdk_support.MEMORY_MB, "custom": None})

    def test_the_payload_reaches_the_handler_and_comes_back(self) -> None:
        payload = {"text": "Zürich 東京 🙂", "big": 12345678901234567890, "none": None}
        self.assertEqual(self.answer({"op": "echo", "payload": payload}), payload)

    def test_without_a_payload_the_handler_gets_an_empty_object(self) -> None:
        response = self.client.invoke(FunctionName=NAME)
        self.assertEqual(json.loads(response["Payload"].read()), {"got": {}})

    def test_a_handler_that_returns_nothing_answers_null(self) -> None:
        self.assertEqual(self.invoke({"op": "sleep", "seconds": 0})["Payload"].read(), b"null")

    def test_every_form_of_the_name_reaches_the_function(self) -> None:
        for name in (NAME, f"123456789012:function:{NAME}", ARN):
            with self.subTest(name):
                self.assertEqual(self.answer({"op": "context"}, FunctionName=name)["arn"], ARN)

    def test_a_qualifier_shows_in_the_arn_however_it_is_given(self) -> None:
        for arguments in ({"Qualifier": "$LATEST"}, {"FunctionName": f"{NAME}:$LATEST"},
                          {"FunctionName": f"{ARN}:$LATEST"}):
            with self.subTest(str(arguments)):
                seen = self.answer({"op": "context"}, **arguments)
                self.assertEqual(seen["arn"], f"{ARN}:$LATEST")

    def test_two_different_qualifiers_are_refused(self) -> None:
        refusal = self.request_error(self.client.exceptions.InvalidParameterValueException, {},
                                     FunctionName=f"{NAME}:1", Qualifier="2")
        self.assertEqual(status(refusal), 400)

    def test_the_client_context_reaches_the_handler(self) -> None:
        context = base64.b64encode(b'{"custom":{"k":"v"}}').decode()
        self.assertEqual(self.answer({"op": "context"}, ClientContext=context)["custom"],
                         {"k": "v"})

    def test_a_client_context_that_is_no_object_is_refused(self) -> None:
        refusal = self.request_error(self.client.exceptions.InvalidRequestContentException, {},
                                     ClientContext="!!!")
        self.assertEqual(status(refusal), 400)


class LogTail(SdkTest):
    def tail(self, event: Any) -> tuple[dict, str]:
        response = self.invoke(event, LogType="Tail")
        log = base64.b64decode(response["LogResult"], validate=True)
        self.assertLessEqual(len(log), 4096)
        return response, log.decode()

    def assert_ends_with_report(self, response: dict, log: str) -> None:
        last = log.splitlines()[-1]
        self.assertTrue(last.startswith(f"REPORT RequestId: {request_id(response)}\t"), last)

    def test_it_begins_with_start_and_ends_with_the_report_of_this_invoke(self) -> None:
        response, log = self.tail({"op": "log", "lines": 3})
        self.assertIn(f"START RequestId: {request_id(response)} Version: $LATEST\n", log)
        self.assertEqual(log.count("of the function's own log\n"), 3, log)
        self.assertIn(f"END RequestId: {request_id(response)}\n", log)
        self.assert_ends_with_report(response, log)

    def test_it_holds_the_last_4096_bytes_of_a_long_log(self) -> None:
        response, log = self.tail({"op": "log", "lines": 300})
        self.assertEqual(len(log.encode()), 4096)
        self.assertIn("line 0299 of the function's own log\n", log)
        self.assertNotIn("line 0000 ", log)
        self.assert_ends_with_report(response, log)

    def test_it_comes_with_a_function_error_too(self) -> None:
        response, log = self.tail({"op": "fail"})
        self.assertEqual(response["FunctionError"], "Unhandled")
        self.assertIn("no such model", log)
        self.assert_ends_with_report(response, log)


class OtherInvocationTypes(SdkTest):
    def test_an_event_is_accepted_at_once_and_handled_once_in_the_background(self) -> None:
        began = time.monotonic()
        response = self.invoke({"op": "sleep", "seconds": 2, "mark": str(self.mark)},
                               InvocationType="Event")
        seconds = time.monotonic() - began
        self.assertEqual(response["StatusCode"], 202)
        self.assertEqual(response["Payload"].read(), b"")
        self.assertNotIn("ExecutedVersion", response)
        self.assertNotIn("FunctionError", response)
        self.assertLess(seconds, 1.5, "the answer waited for the handler")
        self.assertEqual(self.wait_for_marks(1), [request_id(response)])

    def test_a_dry_run_answers_204_and_runs_nothing(self) -> None:
        response = self.invoke({"op": "context", "mark": str(self.mark)}, InvocationType="DryRun")
        self.assertEqual(response["StatusCode"], 204)
        self.assertEqual(response["Payload"].read(), b"")
        self.assertNotIn("ExecutedVersion", response)
        self.answer({"op": "context"})
        self.assertEqual(sdk_support.marks(self.mark), [])


class FunctionErrors(SdkTest):
    """With the SDK's own retries left on: none of these may make it try again."""

    def failed(self, event: Any) -> tuple[str, dict]:
        """Request id and payload of an invoke that must be a function error, and happen once."""
        response = self.invoke({**event, "mark": str(self.mark)})
        self.assertEqual(response["StatusCode"], 200)
        self.assertEqual(response["FunctionError"], "Unhandled")
        self.assertEqual(response["ExecutedVersion"], "$LATEST")
        self.assertEqual(sdk_support.marks(self.mark), [request_id(response)])
        return request_id(response), json.loads(response["Payload"].read())

    def test_a_raising_handler_answers_with_its_own_error(self) -> None:
        identifier, error = self.failed({"op": "fail"})
        self.assertEqual(error["errorType"], "KeyError")
        self.assertEqual(error["errorMessage"], "'no such model'")
        self.assertEqual(error["requestId"], identifier)
        self.assertTrue(any("in handler" in frame for frame in error["stackTrace"]), error)

    def test_a_dying_handler_answers_with_its_exit_status(self) -> None:
        identifier, error = self.failed({"op": "exit", "code": 3})
        self.assertEqual(error, {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {identifier} Error: Runtime exited with error: "
                            "exit status 3"})

    def test_a_handler_that_is_too_slow_answers_with_the_timeout(self) -> None:
        identifier, error = self.failed({"op": "sleep", "seconds": 8})
        self.assertEqual(error, {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {identifier} Error: Task timed out after 3.00 seconds"})


class RequestErrors(SdkTest):
    def test_an_unknown_function_is_not_found(self) -> None:
        refusal = self.request_error(self.client.exceptions.ResourceNotFoundException, {},
                                     FunctionName="nobody")
        self.assertEqual(status(refusal), 404)
        self.assertEqual(refusal["Error"]["Code"], "ResourceNotFoundException")
        self.assertEqual(refusal["Error"]["Message"],
                         "Function not found: arn:aws:lambda:us-east-1:123456789012:function:"
                         "nobody:$LATEST")
        self.assertEqual(refusal["Type"], "User")

    def test_a_payload_that_is_no_json_is_refused(self) -> None:
        refusal = self.request_error(self.client.exceptions.InvalidRequestContentException,
                                     b"{bad")
        self.assertEqual(status(refusal), 400)
        self.assertEqual(refusal["Type"], "User")
        self.assertTrue(refusal["Error"]["Message"].startswith(
            "Could not parse request body into json"), refusal["Error"])

    def test_the_largest_payload_passes_and_one_byte_more_is_refused(self) -> None:
        largest = b'"' + b"x" * (6291456 - 2) + b'"'
        self.assertEqual(self.answer(largest), {"length": 6291454})
        refusal = self.request_error(ClientError, largest[:-1] + b'x"')
        self.assertEqual(status(refusal), 413)
        self.assertEqual(refusal["Error"]["Code"], "RequestEntityTooLargeException")
        self.assertEqual(refusal["Error"]["Message"], "Request must be smaller than 6291456 bytes "
                                                      "for the InvokeFunction operation")

    def test_an_event_payload_over_one_mebibyte_is_refused(self) -> None:
        refusal = self.request_error(ClientError, b'"' + b"x" * (1048576 - 1) + b'"',
                                     InvocationType="Event")
        self.assertEqual(status(refusal), 413)
        self.assertEqual(refusal["Error"]["Code"], "RequestEntityTooLargeException")


class Throttling(SdkTest):
    options = ("--concurrency", "1", "--timeout", "30")

    def test_a_second_invoke_beside_the_only_one_allowed_is_throttled(self) -> None:
        first: list[Any] = []
        event = {"op": "wait", "mark": str(self.mark), "file": str(self.gate), "seconds": 20}
        caller = threading.Thread(target=lambda: first.append(self.answer(event)))
        caller.start()
        try:
            self.assertEqual(len(self.wait_for_marks(1)), 1, "the first invoke did not begin")
            once = client_for(self.emulator.url, retries={"total_max_attempts": 1})
            with self.assertRaises(once.exceptions.TooManyRequestsException) as caught:
                once.invoke(FunctionName=NAME, Payload=b"{}")
        finally:
            self.gate.touch()
            caller.join()
        refusal = caught.exception.response
        self.assertEqual(status(refusal), 429)
        self.assertEqual(refusal["Error"]["Code"], "TooManyRequestsException")
        self.assertEqual(refusal["Error"]["Message"], "Rate Exceeded.")
        self.assertEqual(refusal["Reason"], "ConcurrentInvocationLimitExceeded")
        self.assertEqual(refusal["Type"], "User")
        self.assertGreaterEqual(int(refusal["retryAfterSeconds"]), 0)
        self.assertEqual(first, ["released"], "the first invoke was harmed by the second")


if __name__ == "__main__":
    unittest.main(verbosity=2)
