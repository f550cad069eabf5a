"""A Runtime API for the self-test of the scripted runtime, on raw sockets, so that chunks, trailers,
cut-off bodies and pipelined requests can be seen as they were sent.

    api = FakeApi('{"an":"event"}')
    …start a runtime with AWS_LAMBDA_RUNTIME_API=api.address…
    api.posts()[0].body
    api.close()
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from dataclasses import dataclass, field

BASE = "/2018-06-01/runtime"


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    chunks: list[bytes] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)
    truncated: bool = False
    reads: int = 0  # how many times the socket had to be read for it
    pipelined: bool = False  # it lay in the buffer before the reply to the one before it


class Connection:
    """Reads requests off one socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""
        self.reads = 0

    def fill(self) -> bool:
        data = self.sock.recv(65536)
        self.buffer += data
        self.reads += 1
        return bool(data)

    def line(self) -> str | None:
        while b"\r\n" not in self.buffer:
            if not self.fill():
                return None
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def exactly(self, size: int) -> tuple[bytes, bool]:
        while len(self.buffer) < size:
            if not self.fill():
                return self.buffer, False
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data, True

    def headers(self) -> dict[str, str]:
        found = {}
        while line := self.line():
            name, value = line.split(":", 1)
            found[name.lower()] = value.strip()
        return found

    def request(self) -> Request | None:
        pipelined = bool(self.buffer)
        self.reads = 0
        first = self.line()
        if not first:
            return None
        method, path, _ = first.split(" ")
        request = Request(method, path, self.headers(), pipelined=pipelined)
        if request.headers.get("transfer-encoding") == "chunked":
            while size := int(self.line() or "0", 16):
                request.chunks.append(self.exactly(size)[0])
                self.line()
            request.body = b"".join(request.chunks)
            request.trailers = self.headers()
        else:
            request.body, whole = self.exactly(int(request.headers.get("content-length", "0")))
            request.truncated = not whole
        request.reads = self.reads
        return request


class FakeApi:
    """A Runtime API that hands out the given events, then keeps `next` open."""

    def __init__(self, *events: str, next_status: int = 200) -> None:
        self.events: queue.Queue[str] = queue.Queue()
        for event in events:
            self.events.put(event)
        self.next_status = next_status
        self.requests: list[Request] = []
        self.delivered = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        try:
            while request := connection.request():
                self.requests.append(request)
                sock.sendall(self._answer(request))
        except OSError:
            pass  # the runtime went away, as some dialogues want
        sock.close()

    def _answer(self, request: Request) -> bytes:
        if request.method == "GET" and request.path == BASE + "/invocation/next":
            if self.next_status != 200:
                return reply(self.next_status, b'{"errorType":"InvalidStateTransition"}')
            event = self.events.get()
            self.delivered += 1
            number = self.delivered
            return reply(200, event.encode(), "Lambda-Runtime-Aws-Request-Id: id-%d\r\n"
                         "Lambda-Runtime-Invocation-Id: nonce-%d\r\n" % (number, number))
        if request.truncated:
            return reply(400, b'{"errorType":"TruncatedHTTPRequest"}')
        if request.method == "POST" and request.path.startswith(BASE + "/invocation/id-"):
            return reply(202, b'{"status":"OK"}\n')
        if request.method == "POST" and request.path == BASE + "/init/error":
            return reply(202, b'{"status":"OK"}\n')
        if request.path == "/2018-06-01/ping":
            return reply(200, b"pong", chunked=True)
        return reply(404, b"404 page not found")

    def posts(self, wanted: int = 0) -> list[Request]:
        """All of them so far; waits for at least `wanted`: one that is cut off is complete only
        when its connection's end has been seen, which the runtime does not wait for."""
        limit = time.monotonic() + 5
        while True:
            found = [request for request in self.requests if request.method == "POST"]
            if len(found) >= wanted or time.monotonic() > limit:
                return found
            time.sleep(0.005)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self.listener.close()


def reply(status: int, body: bytes, more: str = "", chunked: bool = False) -> bytes:
    if chunked:
        framing, body = "Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        framing = "Content-Length: %d" % len(body)
    return ("HTTP/1.1 %d Text\r\n%s%s\r\n\r\n" % (status, more, framing)).encode() + body
