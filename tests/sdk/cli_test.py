#!/usr/bin/env python3
"""The AWS CLI against `coldframe serve`: what people type, and what they see.

    tests/sdk/setup.sh && COLDFRAME=build/release/bin/coldframe tests/sdk/cli_test.py

Version 1 comes with setup.sh. Version 2 is no Python package; it is tried where `aws` on PATH or
/usr/bin/aws is one (on Debian: apt-get install awscli), and skipped elsewhere.
"""
from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any

import sdk_support

if __name__ == "__main__":
    sdk_support.enter_venv()

CALL_SECONDS = 90


def version_of(program: str) -> str:
    run = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


class Cli:
    """One version of the AWS CLI, the flags with which it takes a payload as it is, and the exit
    code by which it says that the service refused."""

    def __init__(self, program: str | None, flags: list[str], refused: int) -> None:
        self.program = program
        self.flags = flags
        self.refused = refused


def find_version_2() -> str | None:
    for program in (shutil.which("aws"), "/usr/bin/aws"):
        if program and Path(program).exists() and version_of(program).startswith("aws-cli/2."):
            return program
    return None


VERSION_1 = Cli(str(sdk_support.VENV / "bin/aws"), [], refused=255)
VERSION_2 = Cli(find_version_2(), ["--cli-binary-format", "raw-in-base64-out"], refused=254)


class CliTest(unittest.TestCase):
    """What every version must do; `cli` is set by the classes below."""

    cli: Cli
    options: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = cls.enterClassContext(sdk_support.serve(cls.options))

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="coldframe-cli-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.mark = self.directory / "mark"

    def run_cli(self, event: Any, *arguments: str, name: str = sdk_support.NAME,
                environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """`aws lambda invoke` with this payload; what the function answered is in `payload()`."""
        assert self.cli.program is not None
        command = [self.cli.program, "lambda", "invoke", "--endpoint-url", self.emulator.url,
                   "--function-name", name, "--payload", json.dumps(event), "--output", "json",
                   *self.cli.flags, *arguments, str(self.directory / "answer")]
        return subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS,
                              check=False, env={**os.environ, **(environment or {})})

    def answer(self, event: Any, *arguments: str) -> dict:
        """What the CLI prints about an invoke that it must call a success."""
        run = self.run_cli(event, *arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout) if run.stdout.strip() else {}

    def payload(self) -> str:
        return (self.directory / "answer").read_text()


class EveryVersion:
    def test_it_prints_the_fields_and_writes_the_payload_to_the_file(self) -> None:
        printed = self.answer({"op": "context"})
        self.assertEqual(printed, {"StatusCode": 200, "ExecutedVersion": "$LATEST"})
        self.assertEqual(json.loads(self.payload())["arn"], sdk_support.ARN)

    def test_the_log_tail_ends_with_the_report_of_this_invoke(self) -> None:
        printed = self.answer({"op": "log", "lines": 2, "mark": str(self.mark)},
                              "--log-type", "Tail")
        log = base64.b64decode(printed["LogResult"], validate=True).decode()
        self.assertIn("line 0001 of the function's own log\n", log)
        identifier, = sdk_support.marks(self.mark)
        self.assertTrue(log.splitlines()[-1].startswith(f"REPORT RequestId: {identifier}\t"), log)

    def test_a_client_context_reaches_the_handler(self) -> None:
        context = base64.b64encode(b'{"custom":{"k":"v"}}').decode()
        self.answer({"op": "context"}, "--client-context", context)
        self.assertEqual(json.loads(self.payload())["custom"], {"k": "v"})

    def test_an_event_is_accepted_and_handled_once_in_the_background(self) -> None:
        printed = self.answer({"op": "context", "mark": str(self.mark)},
                              "--invocation-type", "Event")
        self.assertEqual(printed, {"StatusCode": 202})
        self.assertEqual(self.payload(), "")
        give_up = time.monotonic() + 15
        while not sdk_support.marks(self.mark) and time.monotonic() < give_up:
            time.sleep(0.02)
        self.assertEqual(len(sdk_support.marks(self.mark)), 1)

    def test_a_dry_run_runs_nothing(self) -> None:
        printed = self.answer({"op": "context", "mark": str(self.mark)},
                              "--invocation-type", "DryRun")
        self.assertEqual(printed, {"StatusCode": 204})
        self.answer({"op": "context"})
        self.assertEqual(sdk_support.marks(self.mark), [])

    def test_a_function_error_is_no_error_of_the_cli_and_happens_once(self) -> None:
        printed = self.answer({"op": "fail", "mark": str(self.mark)})
        self.assertEqual(printed, {"StatusCode": 200, "FunctionError": "Unhandled",
                                   "ExecutedVersion": "$LATEST"})
        self.assertEqual(json.loads(self.payload())["errorType"], "KeyError")
        self.assertEqual(len(sdk_support.marks(self.mark)), 1)

    def test_an_unknown_function_is_not_found(self) -> None:
        run = self.run_cli({}, name="nobody")
        self.assertEqual(run.returncode, self.cli.refused, run.stderr)
        self.assertIn("An error occurred (ResourceNotFoundException) when calling the Invoke "
                      "operation: Function not found: arn:aws:lambda:us-east-1:123456789012:"
                      "function:nobody:$LATEST", run.stderr)


class OneAtATime:
    """Of an emulator with a concurrency of one."""

    options = ("--concurrency", "1", "--timeout", "60")

    def test_a_second_invoke_beside_the_only_one_allowed_is_throttled(self) -> None:
        gate = self.directory / "gate"
        event = {"op": "wait", "mark": str(self.mark), "file": str(gate), "seconds": 50}
        first: list[Any] = []
        caller = threading.Thread(target=lambda: first.append(self.emulator.invoke(event)))
        caller.start()
        try:
            give_up = time.monotonic() + 15
            while not sdk_support.marks(self.mark) and time.monotonic() < give_up:
                time.sleep(0.02)
            run = self.run_cli({}, environment={"AWS_MAX_ATTEMPTS": "1"})
        finally:
            gate.touch()
            caller.join()
        self.assertEqual(run.returncode, self.cli.refused, run.stderr)
        self.assertIn("An error occurred (TooManyRequestsException) when calling the Invoke "
                      "operation", run.stderr)
        self.assertIn("Rate Exceeded.", run.stderr)
        self.assertEqual(first[0].body, b'"released"')


class Version1(EveryVersion, CliTest):
    cli = VERSION_1


class Version1Throttled(OneAtATime, CliTest):
    cli = VERSION_1


@unittest.skipUnless(VERSION_2.program, "there is no version 2 of the AWS CLI here")
class Version2(EveryVersion, CliTest):
    cli = VERSION_2


@unittest.skipUnless(VERSION_2.program, "there is no version 2 of the AWS CLI here")
class Version2Throttled(OneAtATime, CliTest):
    cli = VERSION_2


if __name__ == "__main__":
    unittest.main(verbosity=2)
