"""Starts `coldframe serve` for a test and speaks to its Invoke API over plain HTTP.

    with EmulatorProcess(program, function_dir, "client", ["--timeout", "3"]) as emulator:
        answer = emulator.invoke({"op": "pid"})

The port is free, the emulator's output goes to a file that `log_tail()` reads, and leaving the
block ends the emulator. Whatever goes wrong at start or stop is an EmulatorFailure.
"""
from __future__ import annotations

import http.client
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

START_SECONDS = 30
STOP_SECONDS = 15
CALL_SECONDS = 60


class EmulatorFailure(Exception):
    """The emulator did not start, or did not stop."""


@dataclass(frozen=True)
class Answer:
    """What a caller of the Invoke API got, and how long it took."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-amzn-RequestId")

    @property
    def function_error(self) -> str | None:
        return self.headers.get("X-Amz-Function-Error")

    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        error = f", function error {self.function_error}" if self.function_error else ""
        shown = self.body[:200].decode("utf-8", "replace")
        return f"status {self.status}{error}, {len(self.body)} bytes: {shown}"


class EmulatorProcess:
    """One running `coldframe serve`; `work_dir` takes its ready file and its log."""

    def __init__(self, program: str, function_dir: Path, name: str, work_dir: Path,
                 options: Sequence[str] = ()) -> None:
        self.name = name
        self._ready_file = work_dir / "ready"
        self._log_file = work_dir / "emulator.log"
        self._command = [program, "serve", str(function_dir), "--port", "0",
                         "--ready-file", str(self._ready_file), "--name", name,
                         "--limits", "none", "--sandbox", "none", *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> EmulatorProcess:
        self._ready_file.unlink(missing_ok=True)
        with self._log_file.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=subprocess.STDOUT)
        try:
            self.url = self._wait_until_ready()
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_ready(self) -> str:
        assert self._process is not None
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if self._ready_file.exists() and (url := self._ready_file.read_text().strip()):
                return url
            if self._process.poll() is not None:
                raise EmulatorFailure(f"The emulator ended with {self._process.returncode} before "
                                      f"it was ready:\n{self.log_tail()}")
            time.sleep(0.02)
        raise EmulatorFailure(f"The emulator was not ready after {START_SECONDS} s.")

    def stop(self) -> int:
        """Ends the emulator with SIGTERM; its exit code, 128 + 15 also when the signal ended it."""
        assert self._process is not None
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise EmulatorFailure(f"The emulator did not end within {STOP_SECONDS} s of SIGTERM.")
        return code if code >= 0 else 128 - code

    def invoke(self, event: Any, headers: dict[str, str] | None = None) -> Answer:
        """One synchronous invoke of `event`, written as compact JSON in UTF-8."""
        body = event if isinstance(event, bytes) else to_json(event)
        host, port = self.url.removeprefix("http://").rstrip("/").rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=CALL_SECONDS)
        began = time.monotonic()
        try:
            connection.request("POST", f"/2015-03-31/functions/{self.name}/invocations", body,
                               headers or {})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return Answer(response.status, response.headers, content, time.monotonic() - began)

    def log_tail(self, lines: int = 60) -> str:
        text = self._log_file.read_text("utf-8", "replace")
        return "\n".join(line[:300] for line in text.splitlines()[-lines:])


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
