"""10 000 invokes with deaths, timeouts, oversize answers and callers that vanish: each that stays
gets exactly one answer, its own; and at the end no descriptor, process or file is left.

The mix is drawn from one seed, which is printed; CHAOS_SEED repeats it, CHAOS_INVOKES changes how
many there are.
"""
import asyncio
import collections
import os
import random
import re
import signal
import time
import unittest

from chaos_caller import Caller
from chaos_mix import draw
from e2e_serve import Serve, descriptors
from e2e_support import SANITIZED, E2eTest, memory_bytes, processes_of, wait_until

SEED = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
INVOKES = int(os.environ.get("CHAOS_INVOKES") or 10_000)
ENVIRONMENTS = 16
CALLERS = 14  # those that vanish leave invokes behind, which need an environment too
IDLE_SECONDS = 3
MEMORY_GROWTH = 12 * 2**20


class Storm:
    """The callers, and what they have seen."""

    def __init__(self, server: Serve) -> None:
        self.server = server
        self.chance = random.Random(SEED)
        self.left = INVOKES
        self.kinds: collections.Counter[str] = collections.Counter()
        self.throttled = 0
        self.faults: list[str] = []
        self.request_ids: list[str] = []

    async def run(self) -> None:
        await asyncio.gather(*(self._call() for _ in range(CALLERS)))

    async def _call(self) -> None:
        caller = Caller(self.server.host, self.server.port)
        while self.left > 0 and len(self.faults) < CALLERS:
            self.left -= 1
            event = draw(self.chance)
            self.kinds[event.kind] += 1
            try:
                await asyncio.wait_for(self._one(caller, event), 20)
            except Exception as error:  # whatever it is, it is a finding, and the storm goes on
                self.faults.append(f"{event.kind}: {type(error).__name__} {error}")
                caller = Caller(self.server.host, self.server.port)
        await caller.close()

    async def _one(self, caller: Caller, event) -> None:
        if event.vanish:
            await caller.invoke_and_vanish("function", event.body, *event.vanish)
            return
        while True:
            reply = await caller.invoke("function", event.body, event.headers)
            if reply.status != 429:
                break
            self.throttled += 1
            await asyncio.sleep(0.02)
        self.request_ids.append(reply.headers.get("x-amzn-requestid", ""))
        if fault := event.fault(reply):
            self.faults.append(f"{event.kind}: {fault}")


class Chaos(E2eTest):
    def test_every_invoke_that_stays_connected_gets_exactly_one_answer_and_nothing_is_left(self):
        print(f"seed {SEED}, {INVOKES} invokes", flush=True)
        server = Serve(self, self.function(MemorySize=256, Timeout=1),
                       options=["--concurrency", ENVIRONMENTS, "--seed", SEED, "--idle-timeout",
                                f"{IDLE_SECONDS}s"])
        guard = wait_until("the guard is named", server.guard)
        self.warm_up(server, guard)
        descriptors_before = self.settled_descriptors(server)
        memory_before = memory_bytes(server.pid)

        storm = Storm(server)
        began = time.monotonic()
        asyncio.run(storm.run())
        seconds = time.monotonic() - began
        print(f"{seconds:.1f} s, {INVOKES / seconds:.0f} invokes/s, {storm.throttled} throttled: "
              + ", ".join(f"{count} {kind}" for kind, count in sorted(storm.kinds.items())))
        self.assertEqual(storm.faults, [], f"CHAOS_SEED={SEED} repeats it")
        self.assertEqual(len(storm.request_ids), len(set(storm.request_ids)))
        self.assertLess(storm.throttled, INVOKES / 10)

        self.check_processes(server, guard)
        self.check_log(server, storm)
        wait_until("all environments have expired", lambda: not server.runtimes())
        wait_until("their descriptors are closed", lambda: sorted(
            map(kind_of, descriptors(server.pid))) == descriptors_before)
        self.assertEqual(sorted(processes_of(self.place)), sorted((server.pid, guard)))
        growth = memory_bytes(server.pid) - memory_before
        print(f"resident memory {memory_before / 2**20:.1f} MB before, "
              f"{growth / 2**20:+.1f} MB after")
        if not SANITIZED:
            self.assertLess(growth, MEMORY_GROWTH)

        self.assertEqual(server.end(signal.SIGTERM), 143)
        self.assertEqual(processes_of(self.place), [])

    def warm_up(self, server: Serve, guard: int) -> None:
        """One of each kind that takes memory, then back to no environment at all."""
        for event in ({}, {"do": "respond-size 6291557"}, {"do": "exit 1"}, {"do": "respond 1"}):
            server.invoke(event)
        wait_until("the first environments have expired", lambda: not server.runtimes())
        self.assertEqual(sorted(processes_of(self.place)), sorted((server.pid, guard)))

    def settled_descriptors(self, server: Serve) -> list[str]:
        """Those of a server that has nothing to do: the same for half a second. The last look for
        processes of an environment that has ended may still be under way before."""
        seen: list[list[str]] = []

        def same() -> bool:
            seen.append(sorted(map(kind_of, descriptors(server.pid))))
            time.sleep(0.05)
            return len(seen) >= 10 and all(one == seen[-1] for one in seen[-10:])
        wait_until("the server has nothing to do", same)
        return seen[-1]

    def check_processes(self, server: Serve, guard: int) -> None:
        """Nothing lives but idle runtimes, no more than allowed."""
        def settled() -> bool:
            others = set(processes_of(self.place)) - {server.pid, guard}
            return others == set(server.runtimes()) and len(others) <= ENVIRONMENTS
        wait_until("only idle runtimes are left", settled)

    def check_log(self, server: Serve, storm: Storm) -> None:
        """START, END and REPORT exactly once for each invoke, in this order."""
        def lines() -> dict[str, list[str]]:
            found: dict[str, list[str]] = {}
            for kind, name in re.findall(r"^(START|END|REPORT) RequestId: ([0-9a-f-]{36})",
                                         server.log(), re.M):
                found.setdefault(name, []).append(kind)
            return found
        wait_until("the last report is there", lambda: all(
            kinds[-1] == "REPORT" for kinds in lines().values()))
        found = lines()
        wrong = {name: kinds for name, kinds in found.items()
                 if kinds != ["START", "END", "REPORT"]}
        self.assertEqual(wrong, {})
        self.assertEqual(set(storm.request_ids) - set(found), set(), "answered but not logged")


def kind_of(descriptor: str) -> str:
    """Sockets and pipes without their numbers."""
    return re.sub(r"\[\d+\]", "", descriptor)


if __name__ == "__main__":
    unittest.main(verbosity=2)
