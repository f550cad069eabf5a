"""The rows of the table: what each must reach, and the experiments that measure them.

An experiment returns {row key: [one value per round]}. Ratios are formed within a round, between
two measurements taken one after the other; which comes first alternates.
"""

from __future__ import annotations

import base64
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import host
from servers import (ColdframeServer, Failure, FloorServer, Function, NotApplicable, Programs,
                     Server, load)

MB = 1024 * 1024
ONE_ENVIRONMENT = "the floor has one environment only"


@dataclass(frozen=True)
class Row:
    key: str
    title: str
    must: float
    aim: float
    unit: str = ""
    at_most: bool = True

    def reached(self, value: float, bound: float) -> bool:
        return value <= bound if self.at_most else value >= bound


ROWS = [
    Row("p50", "p50 of a small invoke ÷ floor", 1.7, 1.35),
    Row("p50-unpinned", "the same, unpinned, idle host", 1.15, 1.05),
    Row("rate", "sequential invokes per second ÷ floor", 0.6, 0.75, at_most=False),
    Row("cpu", "emulator's CPU per small invoke ÷ floor's", 2.5, 1.7),
    Row("p99", "p99 of a small invoke ÷ floor", 2, 1.3),
    Row("big", "p50 of a 5.9 MB echo, JSON checked ÷ floor", 1.6, 1.2),
    Row("python", "Python client, small echo, p50 ÷ same client on the floor", 1.15, 1.05),
    Row("start", "program start to ready", 20, 8, " ms"),
    Row("memory", "resident memory, idle, one environment registered", 12, 8, " MB"),
    Row("memory-each", "resident memory of each further environment", 200, 60, " KB"),
    Row("scale", "64 environments served to 64 callers: invokes per second ÷ one caller's",
        1.0, 1.5, at_most=False),
    Row("growth", "resident memory after 100 000 invokes − after 1 000", 1, 0, " MB"),
]


@dataclass
class Plan:
    """How much is measured, with what, and where."""
    programs: Programs
    cpus: set[int]
    rounds: int
    scale: float  # share of the usual number of calls
    self_check: bool  # the floor stands in for Coldframe
    work: Path
    raw: dict[str, list] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)  # row key -> what its cell adds
    wanted: set[str] = field(default_factory=set)

    def calls(self, usual: int) -> int:
        return max(20, int(usual * self.scale))

    def subject(self, function: Function, cpus: set[int] | None, environments: int = 1,
                provisioned: int = 0) -> Server:
        kind = FloorServer if self.self_check else ColdframeServer
        return kind(self.programs, function, cpus, environments, provisioned)

    def keep(self, experiment: str, numbers: object) -> None:
        self.raw.setdefault(experiment, []).append(numbers)


def interleaved(plan: Plan, name: str, function: Function, cpus: set[int] | None, count: int,
                body_file: str = "") -> list[tuple[dict, dict]]:
    """(floor, subject) of each round, both servers alive all the time."""
    pairs = []
    with FloorServer(plan.programs, function, cpus) as floor, \
            plan.subject(function, cpus) as subject:
        for server in (floor, subject):
            load(plan.programs, server, cpus, max(20, count // 10), body_file=body_file)
        for number in range(plan.rounds):
            order = (floor, subject) if number % 2 == 0 else (subject, floor)
            found = {server: load(plan.programs, server, cpus, count, max(10, count // 20),
                                  body_file=body_file) for server in order}
            pairs.append((found[floor], found[subject]))
            plan.keep(name, {"floor": found[floor], "subject": found[subject]})
    return pairs


def ratios(pairs: list[tuple[dict, dict]], key: str) -> list[float]:
    return [subject[key] / floor[key] for floor, subject in pairs]


def note_sides(plan: Plan, row: str, pairs: list[tuple[dict, dict]], key: str) -> None:
    floor, subject = (statistics.median(pair[side][key] for pair in pairs) for side in (0, 1))
    unit = "/s" if key == "per_second" else "µs"
    digits = 0 if floor >= 1000 else 1
    plan.notes[row] = f"{subject:.{digits}f} ÷ {floor:.{digits}f} {unit}"


def small(plan: Plan) -> dict[str, list[float]]:
    pairs = interleaved(plan, "small", plan.programs.instant_function(), plan.cpus,
                        plan.calls(10_000))
    columns = {"p50": "p50_us", "rate": "per_second", "cpu": "cpu_us", "p99": "p99_us"}
    for row, key in columns.items():
        note_sides(plan, row, pairs, key)
    return {row: ratios(pairs, key) for row, key in columns.items()}


def p50_of(plan: Plan, row: str, function: Function, cpus: set[int] | None, count: int,
           body_file: str = "") -> dict[str, list[float]]:
    pairs = interleaved(plan, row, function, cpus, count, body_file)
    note_sides(plan, row, pairs, "p50_us")
    return {row: ratios(pairs, "p50_us")}


def p50_of_fresh(plan: Plan, row: str, function: Function, cpus: set[int] | None,
                 rounds: int) -> dict[str, list[float]]:
    """Both servers and their runtimes started anew each round, for what lasts as long as they do."""
    count, pairs = plan.calls(3_000), []
    for number in range(rounds):
        with FloorServer(plan.programs, function, cpus) as floor, \
                plan.subject(function, cpus) as subject:
            order = (floor, subject) if number % 2 == 0 else (subject, floor)
            found = {server: load(plan.programs, server, cpus, count, max(10, count // 5))
                     for server in order}
        pairs.append((found[floor], found[subject]))
        plan.keep(row, {"floor": found[floor], "subject": found[subject]})
    note_sides(plan, row, pairs, "p50_us")
    return {row: ratios(pairs, "p50_us")}


def unpinned(plan: Plan) -> dict[str, list[float]]:
    """Where the scheduler puts three programs lasts as long as they do."""
    return p50_of_fresh(plan, "p50-unpinned", plan.programs.instant_function(), None,
                        plan.rounds * 3)


def big(plan: Plan) -> dict[str, list[float]]:
    """An event of 5.9 MB as large ones are in practice: base64 of binary data in a JSON string."""
    data = random.Random(1).randbytes(5_900_000 * 3 // 4 - 60)
    path = plan.work / "big.json"
    path.write_bytes(b'{"isBase64Encoded": true, "body": "' + base64.b64encode(data) + b'"}')
    return p50_of(plan, "big", plan.programs.instant_function(), plan.cpus, plan.calls(100),
                  str(path))


def python(plan: Plan) -> dict[str, list[float]]:
    """How the pages of an interpreter share the caches with ours lasts as long as they do."""
    return p50_of_fresh(plan, "python", plan.programs.python_function(), plan.cpus,
                        plan.rounds * 3)


def start(plan: Plan) -> dict[str, list[float]]:
    times = []
    for _ in range(plan.rounds * 3):
        with plan.subject(plan.programs.instant_function(), plan.cpus) as server:
            times.append(server.start_ms)
    plan.raw["start"] = times
    return {"start": times}


def prime_environments(plan: Plan, server: Server, wanted: int) -> int:
    """Calls with `wanted` callers until that many environments live; returns how many do."""
    alive = 0
    for _ in range(10):
        load(plan.programs, server, plan.cpus, wanted * 4, wanted, wanted)
        alive = len(server.runtimes())
        if alive >= wanted:
            break
    return alive


def memory(plan: Plan) -> dict[str, list[float]]:
    values: dict[str, list[float]] = {"memory": [], "memory-each": []}
    for _ in range(max(1, plan.rounds // 2)):
        with plan.subject(plan.programs.slow_function(), plan.cpus, 64) as server:
            load(plan.programs, server, plan.cpus, 1, 0)
            time.sleep(0.3)
            one = server.rss_bytes()
            values["memory"].append(one / MB)
            if plan.self_check:
                continue
            many = prime_environments(plan, server, 64)
            if many < 64:
                raise Failure(f"only {many} of 64 environments came to life")
            time.sleep(0.5)
            each = (server.rss_bytes() - one) / (many - 1)
            values["memory-each"].append(each / 1024)
            plan.notes["memory-each"] = f"from {many} environments"
            plan.keep("memory", {"one_bytes": one, "environments": many, "each_bytes": each})
    if plan.self_check:
        del values["memory-each"]
    return values


def scale(plan: Plan) -> dict[str, list[float]]:
    if plan.self_check:
        raise NotApplicable(ONE_ENVIRONMENT)
    values, pairs, used = [], [], []
    with plan.subject(plan.programs.instant_function(), plan.cpus, 64, 64) as server:
        many = prime_environments(plan, server, 64)
        for number in range(plan.rounds):
            order = (1, 64) if number % 2 == 0 else (64, 1)
            found = {}
            for callers in order:
                before = {pid: host.switches(pid) for pid in server.runtimes()}
                found[callers] = load(plan.programs, server, plan.cpus, plan.calls(10_000), 640,
                                      callers)
                if callers == 64:  # twice an invoke, its runtime waits
                    used.append(sum(host.switches(pid) - before.get(pid, 0) > 20
                                    for pid in server.runtimes()))
            pairs.append((found[1], found[64]))
            values.append(found[64]["per_second"] / found[1]["per_second"])
            plan.keep("scale", {"one": found[1], "many": found[64], "environments": many,
                                "used": used[-1]})
    note_sides(plan, "scale", pairs, "per_second")
    plan.notes["scale"] += f", {statistics.median_low(used)} of {many} environments had work"
    return {"scale": values}


def growth(plan: Plan) -> dict[str, list[float]]:
    values = []
    total = plan.calls(100_000)
    for _ in range(max(1, plan.rounds // 3)):
        with plan.subject(plan.programs.instant_function(), plan.cpus) as server:
            load(plan.programs, server, plan.cpus, 1_000, 0)
            before = server.rss_bytes()
            load(plan.programs, server, plan.cpus, total - 1_000, 0)
            after = server.rss_bytes()
            values.append((after - before) / MB)
            plan.keep("growth", {"invokes": total, "before": before, "after": after})
    if total != 100_000:
        plan.notes["growth"] = f"after {total} invokes"
    return {"growth": values}


EXPERIMENTS: list[tuple[tuple[str, ...], Callable[[Plan], dict[str, list[float]]]]] = [
    (("p50", "rate", "cpu", "p99"), small),
    (("p50-unpinned",), unpinned),
    (("big",), big),
    (("python",), python),
    (("start",), start),
    (("memory", "memory-each"), memory),
    (("scale",), scale),
    (("growth",), growth),
]
