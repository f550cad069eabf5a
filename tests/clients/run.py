#!/usr/bin/env python3
"""Proves that one real runtime client runs unchanged under the emulator.

    tests/clients/build.sh go
    tests/clients/run.py --coldframe build/release/bin/coldframe --lang go

Prints one line a check. Exit: 0 all passed, 1 a check failed, 2 usage, 77 the client is not built.
"""
from __future__ import annotations

import argparse
import base64
import contextlib
import http.client
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Callable

from clients import CLIENTS, HERE, Client
from emulator_process import Answer, EmulatorFailure, EmulatorProcess, to_json

TIMEOUT_SECONDS = 3
MEMORY_MB = 512
ARN = "arn:aws:lambda:us-east-1:123456789012:function:client"
MAX_RESPONSE = 6 * 1024 * 1024 + 100
# Time for a client to come back for its next event, or to end, before the next call: a caller
# that is faster than the client may rightly be given another environment.
SETTLE_SECONDS = 0.5
SETTLE_AFTER_EXIT_SECONDS = 2.0


class CheckFailed(Exception):
    """A check found something other than it wanted."""


def want(condition: bool, sentence: str) -> None:
    if not condition:
        raise CheckFailed(sentence)


class Checks:
    """The checks, in the order in which they run against one emulator."""

    def __init__(self, emulator: EmulatorProcess, client: Client) -> None:
        self.emulator = emulator
        self.client = client
        self.last_pid = 0

    def all(self) -> list[tuple[str, Callable[[], None]]]:
        after = "the same" if self.client.survives_oversize else "a new"
        return [
            ("echoes 1 KB byte for byte", self.echo_small),
            ("echoes 5.9 MB byte for byte", self.echo_large),
            ("keeps every letter of a text in three alphabets and an emoji", self.echo_letters),
            ("tells its handler what the caller and the configuration say", self.context),
            ("hands over the caller's client context", self.client_context),
            ("knows no client context when the caller gives none", self.no_client_context),
            ("turns a handler error into 200, Unhandled and the client's own words", self.error),
            ("serves on in the same process after a handler error", self.after_error),
            ("may answer with exactly 6291556 bytes", self.largest_answer),
            ("is told off for one byte more, and the caller learns why", self.oversize),
            (f"is back in {after} process after the answer that was too large",
             self.after_oversize),
            ("is stopped after 3 s when its handler sleeps for 10 s", self.timeout),
            ("starts anew after the timeout", self.after_timeout),
            ("dies with the emulator, even in the middle of its handler's sleep", self.stop),
        ]

    def answer(self, event: dict, client_context: dict | None = None) -> Answer:
        headers = {}
        if client_context is not None:
            headers["X-Amz-Client-Context"] = base64.b64encode(to_json(client_context)).decode()
        answer = self.emulator.invoke(event, headers)
        want(answer.status == 200, f"wanted status 200, got {answer}")
        return answer

    def success(self, event: dict, client_context: dict | None = None) -> Answer:
        answer = self.answer(event, client_context)
        want(answer.function_error is None, f"wanted no function error, got {answer}")
        return answer

    def failure(self, event: dict) -> Answer:
        answer = self.answer(event)
        want(answer.function_error == "Unhandled", f"wanted Unhandled, got {answer}")
        return answer

    def process(self) -> tuple[int, int]:
        """The client's process id, and how many invokes this process has seen."""
        seen = self.success({"op": "pid"}).json()
        self.last_pid = seen["pid"]
        return seen["pid"], seen["invokes"]

    def echo(self, payload: str) -> None:
        wanted = to_json(payload)
        got = self.success({"op": "echo", "payload": payload}).body
        if got != wanted:
            at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b),
                      min(len(got), len(wanted)))
            raise CheckFailed(f"the answer has {len(got)} bytes of {len(wanted)} and differs from "
                              f"byte {at} on: {got[at:at + 40]!r}, wanted {wanted[at:at + 40]!r}")

    def echo_small(self) -> None:
        line = '0123456789 abcdefghijklmnopqrstuvwxyz "quoted" back\\slash\ttab\n'
        self.echo((line * 20)[:1000])

    def echo_large(self) -> None:
        self.echo("0123456789abcdef" * (59 * 1024 * 1024 // 160))

    def echo_letters(self) -> None:
        # Some clients write such letters as JSON escapes: the text counts here, not its bytes.
        text = "Zürich, Αθήνα, 東京, 🙂"
        got = self.success({"op": "echo", "payload": text}).json()
        want(got == text, f"wanted {text!r}, got {got!r}")

    def describe(self, client_context: dict | None = None) -> tuple[Answer, dict]:
        answer = self.success({"op": "context"}, client_context)
        return answer, answer.json()

    def context(self) -> None:
        answer, seen = self.describe()
        want(bool(answer.request_id), "the answer has no x-amzn-RequestId")
        wanted = {"request_id": answer.request_id, "function_name": "client",
                  "function_version": "$LATEST", "memory_mb": MEMORY_MB, "arn": ARN}
        got = {key: seen.get(key) for key in wanted}
        want(got == wanted, f"wanted {wanted}, got {got}")
        left = seen["remaining_ms"]
        want(TIMEOUT_SECONDS * 1000 - 1500 < left <= TIMEOUT_SECONDS * 1000,
             f"{left} ms are left of {TIMEOUT_SECONDS} s")

    def client_context(self) -> None:
        seen = self.describe({"custom": {"k": "v"}})[1]
        want(seen.get("k") == "v", f"the handler saw {seen}")

    def no_client_context(self) -> None:
        seen = self.describe()[1]
        want(seen.get("k") is None, f"the handler saw {seen}")

    def error(self) -> None:
        body = self.failure({"op": "fail"}).json()
        want(body.get("errorMessage") == "failed on purpose", f"the error says {body}")
        want(body.get("errorType") == self.client.error_type, f"the error says {body}")

    def after_error(self) -> None:
        time.sleep(SETTLE_SECONDS)
        before = self.process()
        time.sleep(SETTLE_SECONDS)
        self.failure({"op": "fail"})
        time.sleep(SETTLE_SECONDS)
        after = self.process()
        want(after == (before[0], before[1] + 2),
             f"process and invoke count were {before}, then {after}")

    def largest_answer(self) -> None:
        time.sleep(SETTLE_SECONDS)
        answer = self.success({"op": "big", "bytes": MAX_RESPONSE - 2})
        want(len(answer.body) == MAX_RESPONSE, f"got {len(answer.body)} bytes")

    def oversize(self) -> None:
        time.sleep(SETTLE_SECONDS)
        self.process()
        time.sleep(SETTLE_SECONDS)
        body = self.failure({"op": "big", "bytes": MAX_RESPONSE - 1}).json()
        wanted = {"errorType": "Function.ResponseSizeTooLarge",
                  "errorMessage": "Response payload size exceeded maximum allowed payload size "
                                  f"({MAX_RESPONSE} bytes)."}
        want(body == wanted, f"wanted {wanted}, got {body}")

    def after_oversize(self) -> None:
        time.sleep(SETTLE_AFTER_EXIT_SECONDS)
        before = self.last_pid
        after = self.process()[0]
        want((after == before) == self.client.survives_oversize,
             f"the process was {before}, then {after}")

    def timeout(self) -> None:
        time.sleep(SETTLE_SECONDS)
        answer = self.failure({"op": "sleep", "ms": 10_000})
        wanted = {"errorType": "Sandbox.Timedout",
                  "errorMessage": f"RequestId: {answer.request_id} Error: Task timed out after "
                                  f"{TIMEOUT_SECONDS}.00 seconds"}
        want(answer.json() == wanted, f"wanted {wanted}, got {answer.json()}")
        want(TIMEOUT_SECONDS <= answer.seconds < TIMEOUT_SECONDS + 1.5,
             f"the answer took {answer.seconds:.2f} s")

    def after_timeout(self) -> None:
        before = self.last_pid
        pid, invokes = self.process()
        want(pid != before and invokes == 1,
             f"process {before} was timed out; process {pid} has seen {invokes} invokes")

    def stop(self) -> None:
        time.sleep(SETTLE_SECONDS)
        caller = threading.Thread(target=self.call_and_be_cut_off)
        caller.start()
        time.sleep(SETTLE_SECONDS)
        want(lives(self.last_pid), f"process {self.last_pid} did not live until the end")
        code = self.emulator.stop()
        caller.join()
        want(code == 128 + 15, f"the emulator ended with {code}")
        give_up = time.monotonic() + 5
        while lives(self.last_pid) and time.monotonic() < give_up:
            time.sleep(0.05)
        want(not lives(self.last_pid), f"process {self.last_pid} lives on")

    def call_and_be_cut_off(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.emulator.invoke({"op": "sleep", "ms": 60_000})


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def write_function(directory: Path, client: Client) -> None:
    """Makes a function directory with the handler, if it is a script, and function.json."""
    if client.handler_file is not None:
        shutil.copy(client.handler_file, directory)
    configuration = {
        "FunctionName": "client", "MemorySize": MEMORY_MB, "Timeout": TIMEOUT_SECONDS,
        "ImageConfig": {"EntryPoint": client.entry_point, "Command": client.command,
                        "WorkingDirectory": "."}}
    (directory / "function.json").write_text(json.dumps(configuration, indent=2) + "\n")


def run_checks(checks: Checks, lang: str) -> int:
    """Runs every check, prints its outcome, and returns how many failed."""
    failed = 0
    for sentence, check in checks.all():
        try:
            check()
        except Exception as problem:  # also a broken connection is a failed check, not our crash
            failed += 1
            kind = "" if isinstance(problem, CheckFailed) else f"{type(problem).__name__}: "
            print(f"FAIL {lang} {sentence}\n     {kind}{problem}", flush=True)
        else:
            print(f"ok   {lang} {sentence}", flush=True)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs one real runtime client under coldframe.")
    parser.add_argument("--coldframe", required=True, help="the program under test")
    parser.add_argument("--lang", required=True, choices=sorted(CLIENTS))
    options = parser.parse_args()

    base = Path(os.environ.get("CF_CLIENTS_BUILD", HERE.parents[1] / "build/clients"))
    build = base.resolve() / options.lang
    if not (build / "stamp").exists():
        print(f"The {options.lang} client is not built; run tests/clients/build.sh {options.lang}.",
              file=sys.stderr)
        return 77
    if not os.access(options.coldframe, os.X_OK):
        print(f"There is no program {options.coldframe}.", file=sys.stderr)
        return 2

    with tempfile.TemporaryDirectory(prefix="coldframe-client-") as temporary:
        function_dir = Path(temporary, "function")
        function_dir.mkdir()
        client = CLIENTS[options.lang](build)
        write_function(function_dir, client)
        emulator = EmulatorProcess(options.coldframe, function_dir, "client", Path(temporary),
                                   ["--timeout", str(TIMEOUT_SECONDS)])
        try:
            with emulator:
                checks = Checks(emulator, client)
                failed = run_checks(checks, options.lang)
        except EmulatorFailure as problem:
            print(f"FAIL {options.lang} {problem}", flush=True)
            return 1
        if failed:
            print(f"--- the emulator's last lines ---\n{emulator.log_tail()}", flush=True)
        print(f"{len(checks.all()) - failed} passed, {failed} failed", flush=True)
        return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
