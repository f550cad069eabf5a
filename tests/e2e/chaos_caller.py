"""A caller of the Invoke API on bare asyncio sockets that notices every byte too many.

One connection, kept alive over many invokes; `vanish` breaks it off in the middle. Whatever comes
after an answer and before the next request is an error, and so is anything at the connection's end.
"""
from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass


class StrayBytes(Exception):
    """The connection carried something that no request had asked for."""


class ConnectionEnded(Exception):
    """The other side has closed the connection instead of answering."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


class Caller:
    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._socket: socket.socket | None = None
        self._buffer = b""

    async def invoke(self, name: str, body: bytes, headers: dict[str, str]) -> Reply:
        await self._send(self._head(name, len(body), headers) + body)
        return await self._receive()

    async def invoke_and_vanish(self, name: str, body: bytes, sent: int | None,
                                waited: float) -> None:
        """Sends `sent` bytes of the request (None: all), waits, and is gone with a reset."""
        request = self._head(name, len(body), {}) + body
        await self._send(request if sent is None else request[:sent])
        await asyncio.sleep(waited)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()
        self._socket = None
        self._buffer = b""

    async def close(self) -> None:
        """Says goodbye and checks that nothing more was coming."""
        if self._socket is None:
            return
        self._socket.shutdown(socket.SHUT_WR)
        rest = self._buffer
        while piece := await asyncio.get_running_loop().sock_recv(self._socket, 65536):
            rest += piece
        self._socket.close()
        self._socket = None
        self._buffer = b""
        if rest:
            raise StrayBytes(repr(rest[:300]))

    @staticmethod
    def _head(name: str, length: int, headers: dict[str, str]) -> bytes:
        lines = [f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1", "Host: chaos",
                 f"Content-Length: {length}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def _send(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        if self._socket is None:
            self._socket = socket.socket()
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(self._socket, self._address)
        else:
            self._check_silence()
        await loop.sock_sendall(self._socket, data)

    def _check_silence(self) -> None:
        try:
            self._buffer += self._socket.recv(65536, socket.MSG_PEEK)
        except BlockingIOError:
            pass
        if self._buffer:
            raise StrayBytes(repr(self._buffer[:300]))

    async def _more(self) -> None:
        piece = await asyncio.get_running_loop().sock_recv(self._socket, 1 << 20)
        if not piece:
            raise ConnectionEnded(repr(self._buffer[:300]))
        self._buffer += piece

    async def _receive(self) -> Reply:
        while b"\r\n\r\n" not in self._buffer:
            await self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            key, _, value = line.partition(": ")
            if key.lower() in headers:
                raise StrayBytes(f"header {key} twice")
            headers[key.lower()] = value
        length = int(headers["content-length"])
        while len(self._buffer) < length:
            await self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        version, status, _ = first.split(" ", 2)
        if version != "HTTP/1.1":
            raise StrayBytes(first)
        return Reply(int(status), headers, body)
