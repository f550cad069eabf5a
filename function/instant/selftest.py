#!/usr/bin/env python3
"""Checks the instant runtime against a fake Runtime API that sends replies in awkward pieces.

    python3 function/instant/selftest.py build/dev/bin/instant_runtime
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import unittest

RUNTIME = ""  # path of the program under test, set by main
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nok\n"


def event(body: bytes, request_id: str = "id-1", status: str = "200 OK") -> bytes:
    head = (f"HTTP/1.1 {status}\r\nlambda-runtime-aws-REQUEST-id:  {request_id} \r\n"
            f"X-Long: {'x' * 70000}\r\ncontent-length:{len(body)}\r\n\r\n")
    return head.encode() + body


class InstantRuntime(unittest.TestCase):
    def setUp(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.process = subprocess.Popen(
            [RUNTIME], stderr=subprocess.PIPE, text=True,
            env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self.listener.getsockname()[1]})
        self.addCleanup(self.end)
        self.sock, _ = self.listener.accept()
        self.sock.settimeout(10)
        self.addCleanup(self.sock.close)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def request(self) -> tuple[str, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.sock.recv(1 << 20)
        head, body = data.split(b"\r\n\r\n", 1)
        size = 0
        for line in head.decode().split("\r\n"):
            if line.startswith("Content-Length: "):
                size = int(line[16:])
        while len(body) < size:
            body += self.sock.recv(1 << 20)
        return head.decode().split("\r\n")[0], body

    def echoes(self, body: bytes, request_id: str, step: int = 0) -> None:
        self.assertEqual(self.request()[0], "GET /2018-06-01/runtime/invocation/next HTTP/1.1")
        reply = event(body, request_id)
        if step == 0:
            self.sock.sendall(reply)
        for start in range(0, len(reply) if step else 0, step or 1):
            self.sock.sendall(reply[start:start + step])
            time.sleep(0.0005)
        line, got = self.request()
        self.assertEqual(
            line, f"POST /2018-06-01/runtime/invocation/{request_id}/response HTTP/1.1")
        self.assertEqual(got, body)
        self.sock.sendall(ACCEPTED)

    def gives_up(self, reply: bytes, sentence: str) -> None:
        self.request()
        self.sock.sendall(reply)
        self.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(self.process.wait(timeout=10), 1)
        message = self.process.stderr.read()
        self.assertIn(sentence, message)
        self.assertEqual(message.count("\n"), 1)

    def test_it_echoes_every_event_on_one_connection(self) -> None:
        self.echoes(b"{}", "a")
        self.echoes(b"", "b" * 200)
        self.echoes(os.urandom(6_291_556), "c")
        self.echoes(b"[1,2]", "d", step=997)
        self.echoes(b"1", "e")

    def test_a_status_other_than_200_ends_it(self) -> None:
        self.gives_up(event(b"x", status="403 Forbidden"), "status 403, not 200")

    def test_a_refused_response_ends_it(self) -> None:
        self.request()
        self.sock.sendall(event(b"x"))
        self.gives_up(ACCEPTED.replace(b"202", b"413"), "status 413, not 202")

    def test_a_missing_length_or_id_ends_it(self) -> None:
        self.gives_up(b"HTTP/1.1 200 OK\r\n\r\n", "no Content-Length")

    def test_a_missing_request_id_ends_it(self) -> None:
        self.gives_up(ACCEPTED.replace(b"202", b"200"), "Lambda-Runtime-Aws-Request-Id")

    def test_a_lost_connection_ends_it(self) -> None:
        self.gives_up(event(b"xyz")[:-1], "closed the connection")

    def test_something_other_than_http_ends_it(self) -> None:
        self.gives_up(b"SSH-2.0-x\r\n\r\n", "HTTP/1.1 status line")


def main() -> int:
    global RUNTIME
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        print("usage: selftest.py PATH/TO/instant_runtime [unittest arguments]", file=sys.stderr)
        return 2
    RUNTIME = os.path.abspath(sys.argv.pop(1))
    return 0 if unittest.main(exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
