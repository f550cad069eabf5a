"""A running `coldframe serve` for a test, and a caller of its Invoke API.

    with Serve(self, self.function(), options=["--concurrency", "1"]) as server:
        answer = server.invoke({"do": "respond-pid"})

stdout and stderr go to files: `server.out()`, `server.log()`. Leaving the block ends it with
SIGTERM and checks that its exit code is 143.
"""
from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from e2e_support import PATIENCE, E2eTest, exit_code, process_file, wait_until


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def request_id(self) -> str:
        return self.headers.get("x-amzn-RequestId", "")

    def json(self) -> Any:
        return json.loads(self.body)


class Serve:
    def __init__(self, test: E2eTest, *targets: object, options: Sequence[object] = (),
                 name: str = "serve", port: int = 0, wait: bool = True,
                 ready_file: Path | None = None, **popen: Any) -> None:
        self._test = test
        self._files = {stream: test.place / f"{name}.{stream}" for stream in ("out", "err")}
        self.ready_file = ready_file or test.place / f"{name}.ready"
        for stream, key in (("out", "stdout"), ("err", "stderr")):
            if key not in popen:
                popen[key] = self._files[stream].open("wb")
                test.addCleanup(popen[key].close)
        self.process = test.start("serve", *targets, "--port", port, "--ready-file",
                                  self.ready_file, *options, **popen)
        self.pid = self.process.pid
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        def ready() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}:\n{self.log()}")
            return self.ready_file.exists()

        wait_until("the ready file is written", ready)
        host, port = self.ready_file.read_text().strip().removeprefix("http://").rsplit(":", 1)
        self.host, self.port = host.strip("[]"), int(port)

    def __enter__(self) -> Serve:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        code = self.end(signal.SIGTERM)
        if kind is None:
            self._test.assertEqual(code, 143, self.log())

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal, unless it has ended already; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        try:
            return exit_code(self.process.wait(PATIENCE))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"serve has not ended after {PATIENCE:g} s:\n{self.log()}")

    def out(self) -> str:
        return self._files["out"].read_text(errors="replace")

    def log(self) -> str:
        path = self._files["err"]
        return path.read_text(errors="replace") if path.exists() else ""

    # --- callers

    def request(self, method: str, path: str, body: bytes | None = None,
                headers: dict[str, str] | None = None, seconds: float = PATIENCE) -> Answer:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def invoke(self, event: Any, name: str = "function",
               headers: dict[str, str] | None = None) -> Answer:
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return self.request("POST", f"/2015-03-31/functions/{name}/invocations", body, headers)

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=PATIENCE)

    def send_head(self, length: int, name: str = "function") -> socket.socket:
        """A connection on which an invoke with a body of that many bytes has been announced."""
        connection = self.connect()
        connection.sendall(f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1\r\n"
                           f"Host: test\r\nContent-Length: {length}\r\n\r\n".encode())
        return connection

    # --- processes

    def guard(self) -> int:
        """The guard process, once it is named; 0 if there is none."""
        return next((pid for pid in children_of(self.pid)
                     if process_file(pid, "comm") == b"coldframe-guard\n"), 0)

    def runtimes(self) -> list[int]:
        """The runtimes: what has been started and is neither the guard nor still on its way."""
        return [pid for pid in children_of(self.pid)
                if not process_file(pid, "comm").startswith(b"coldframe")]


def children_of(pid: int) -> list[int]:
    """None if it has ended, or does meanwhile."""
    words: list[bytes] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            words += process_file(pid, f"task/{task}/children").split()
    except OSError:
        pass
    return [int(word) for word in words]


class Call(threading.Thread):
    """An invoke on its way; `result()` is its Answer, or the error that ended it."""

    def __init__(self, server: Serve, event: Any, name: str = "function",
                 headers: dict[str, str] | None = None) -> None:
        super().__init__(daemon=True)
        self._work = lambda: server.invoke(event, name, headers)
        self._result: Answer | Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._work()
        except (OSError, http.client.HTTPException) as error:
            self._result = error

    def result(self) -> Answer | Exception:
        self.join(PATIENCE)
        if self._result is None:
            raise AssertionError(f"a caller has had no answer for {PATIENCE:g} s")
        return self._result


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descriptors(pid: int) -> list[str]:
    """What each open descriptor of the process is."""
    found = []
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{entry}"))
        except OSError:
            pass
    return found
