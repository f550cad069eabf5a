"""The events of the chaos test: what the function is told to do, and what its caller must be told.

    event = draw(random)           # an Event
    event.fault(reply)             # None, or a sentence that says how the reply is not its own
"""
from __future__ import annotations

import base64
import json
import random
import re
from dataclasses import dataclass, field
from typing import Callable

from chaos_caller import Reply

OVERSIZE = 6291557
SIGNALS = {"KILL": "killed", "SEGV": "segmentation fault", "ABRT": "aborted", "TERM": "terminated"}


@dataclass
class Event:
    kind: str
    body: bytes
    check: Callable[[Reply], str | None] = lambda reply: None
    function_error: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    vanish: tuple[int | None, float] | None = None  # bytes sent (None: all), seconds waited

    def fault(self, reply: Reply) -> str | None:
        if reply.status != 200:
            return f"status {reply.status}: {reply.body[:200]!r}"
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                            reply.headers.get("x-amzn-requestid", "")):
            return f"request id {reply.headers.get('x-amzn-requestid')}"
        if reply.headers.get("x-amz-executed-version") != "$LATEST":
            return "no executed version"
        error = reply.headers.get("x-amz-function-error")
        if error != ("Unhandled" if self.function_error else None):
            return f"function error {error}: {reply.body[:200]!r}"
        return self.check(reply)


def same(wanted: bytes) -> Callable[[Reply], str | None]:
    return lambda reply: None if reply.body == wanted else \
        f"got {reply.body[:120]!r} for {wanted[:120]!r}"


def platform_error(kind: str, reason: str) -> Callable[[Reply], str | None]:
    """The body is the platform's own, and names the id of this very request."""
    def check(reply: Reply) -> str | None:
        message = f"RequestId: {reply.headers['x-amzn-requestid']} Error: {reason}"
        wanted = json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":"))
        return same(wanted.encode())(reply)
    return check


def oversize(reply: Reply) -> str | None:
    kind = json.loads(reply.body)["errorType"]
    return None if kind == "Function.ResponseSizeTooLarge" else f"got {kind}"


def tail_of(token: str) -> Callable[[Reply], str | None]:
    def check(reply: Reply) -> str | None:
        tail = base64.b64decode(reply.headers.get("x-amz-log-result", "")).decode()
        if len(tail) > 4096 or not tail.rstrip().splitlines()[-1].startswith(
                f"REPORT RequestId: {reply.headers['x-amzn-requestid']}\t"):
            return f"log tail {tail[-300:]!r}"
        if set(re.findall("[0-9a-f]{24}", tail.replace("-", " "))) != {token}:
            return f"log tail of somebody else, not {token}: {tail!r}"
        return same(f'"{token}"'.encode())(reply)
    return check


def draw(chance: random.Random) -> Event:
    token = f"{chance.getrandbits(96):024x}"
    kind = chance.choices([row[0] for row in MIX], [row[1] for row in MIX])[0]
    return next(row[2] for row in MIX if row[0] == kind)(kind, token, chance)


def told(token: str, do: str, **more: object) -> bytes:
    return json.dumps({"token": token, "do": do, **more}).encode()


def echo(kind, token, chance) -> Event:
    body = json.dumps({"token": token, "pad": "x" * chance.randrange(3000)}).encode()
    return Event(kind, body, same(body))


def big_echo(kind, token, chance) -> Event:
    body = json.dumps({"token": token, "pad": token * chance.randrange(20_000)}).encode()
    return Event(kind, body, same(body))


def slow(kind, token, chance) -> Event:
    body = told(token, f"sleep {chance.randrange(1, 30)}ms; echo")
    return Event(kind, body, same(body))


def slow_to_return(kind, token, chance) -> Event:
    body = told(token, f'respond "{token}"; sleep {chance.randrange(1, 60)}ms')
    return Event(kind, body, same(f'"{token}"'.encode()))


def log_tail(kind, token, chance) -> Event:
    body = told(token, f'print {token}; print-err {token}; respond "{token}"')
    return Event(kind, body, tail_of(token), headers={"X-Amz-Log-Type": "Tail"})


def function_error(kind, token, chance) -> Event:
    wanted = json.dumps({"errorMessage": token, "errorType": "Boom"})
    return Event(kind, told(token, f"error Function.Boom {wanted}"), same(wanted.encode()), True)


def exits(kind, token, chance) -> Event:
    code = chance.randrange(256)
    reason = f"Runtime exited with error: exit status {code}" if code else \
        "Runtime exited without providing a reason"
    return Event(kind, told(token, f"exit {code}"), platform_error("Runtime.ExitError", reason),
                 True)


def signals(kind, token, chance) -> Event:
    name = chance.choice(sorted(SIGNALS))
    reason = f"Runtime exited with error: signal: {SIGNALS[name]}"
    return Event(kind, told(token, f"signal {name}"), platform_error("Runtime.ExitError", reason),
                 True)


def dies_after_answer(kind, token, chance) -> Event:
    do = chance.choice(("exit 1", "signal KILL", "fork-grandchild; exit 0", "close; exit 3"))
    return Event(kind, told(token, f'respond "{token}"; {do}'), same(f'"{token}"'.encode()))


def too_large(kind, token, chance) -> Event:
    return Event(kind, told(token, f"respond-size {OVERSIZE}"), oversize, True)


def truncated(kind, token, chance) -> Event:
    declared = chance.randrange(100, 10_000)
    half = chance.choice(("", " half"))
    do = f"respond-truncated {declared} {chance.randrange(declared)}{half}"
    return Event(kind, told(token, do), platform_error(
        "Runtime.TruncatedResponse", "HTTP request detected as truncated"), True)


def timeout(kind, token, chance) -> Event:
    do = chance.choice(("hang", "fork-daemon; hang", "sleep 5s"))
    return Event(kind, told(token, do), platform_error(
        "Sandbox.Timedout", "Task timed out after 1.00 seconds"), True)


def vanish_in_request(kind, token, chance) -> Event:
    body = json.dumps({"token": token, "pad": "x" * 20_000}).encode()
    return Event(kind, body, vanish=(chance.randrange(1, 20_000), chance.random() / 100))


def vanish_while_waiting(kind, token, chance) -> Event:
    do = chance.choice(("sleep 20ms; echo", "exit 1", "echo", "respond-size 100KB"))
    return Event(kind, told(token, do), vanish=(None, chance.random() / 50))


MIX = [("echo", 7400, echo), ("big echo", 50, big_echo), ("slow", 500, slow),
       ("slow to return", 200, slow_to_return), ("log tail", 300, log_tail),
       ("function error", 500, function_error), ("exit", 200, exits), ("signal", 150, signals),
       ("dies after answer", 100, dies_after_answer), ("oversize", 50, too_large),
       ("truncated", 150, truncated), ("timeout", 15, timeout),
       ("vanish in request", 150, vanish_in_request),
       ("vanish while waiting", 235, vanish_while_waiting)]
