#!/usr/bin/env python3
"""Measures Coldframe against the floor and prints one table. bench/README.md says how to read it.

    python3 bench/run.py                      # the whole table, about three minutes
    python3 bench/run.py --quick --only p50   # one row, roughly
    python3 bench/run.py --self-check         # the floor against itself: the noise of this machine

Exit 0 if every measured row reached its "must", 1 if one did not, 2 on bad usage, 4 on a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import host
from ground import GROUND_EXPERIMENTS, GROUND_ROWS
from rows import EXPERIMENTS, ONE_ENVIRONMENT, ROWS, Plan, Row
from servers import Failure, NotApplicable, Programs

ALL_ROWS = ROWS + GROUND_ROWS
ROOT = Path(__file__).resolve().parent.parent


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Coldframe's speed as ratios to the floor.")
    release = ROOT / "build/release/bin"
    parser.add_argument("--coldframe", type=Path, default=release / "coldframe")
    parser.add_argument("--tools", type=Path, default=release,
                        help="directory of bench_floor_relay, bench_load, bench_environments and "
                             "the runtimes")
    parser.add_argument("--python", type=Path, default=ROOT / "function/scoring/.venv/bin/python",
                        help="a Python that has awslambdaric")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="three rounds, a fifth of the calls")
    parser.add_argument("--only", metavar="ROW", action="append", choices=[row.key for row in ALL_ROWS],
                        help="only this row (repeatable): %(choices)s")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)),
                        help="the CPU that everything is pinned to (default: the last)")
    parser.add_argument("--json", metavar="FILE", help="writes every raw number")
    parser.add_argument("--self-check", action="store_true",
                        help="measure a second floor in place of Coldframe; ratios should be 1")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    if arguments.cpu not in os.sched_getaffinity(0):
        parser.error(f"--cpu {arguments.cpu} is not a CPU this process may use")
    return arguments


def find_programs(arguments: argparse.Namespace, wanted: set[str]) -> Programs:
    programs = Programs(
        coldframe=arguments.coldframe.resolve(), floor=arguments.tools / "bench_floor_relay",
        load=arguments.tools / "bench_load",
        instant=(arguments.tools / "instant_runtime").resolve(),
        scripted=(arguments.tools / "scripted_runtime").resolve(),
        environments=arguments.tools / "bench_environments",
        python=arguments.python.absolute())  # not resolved: a venv is known by its own path
    needed = [programs.floor, programs.load, programs.instant, programs.scripted]
    if not arguments.self_check:
        needed.append(programs.coldframe)
    if wanted.intersection({"place", "prepared", "on-demand", "teardown"}):
        needed.append(programs.environments)
    if wanted.intersection({"python", "ground-python"}):
        needed.append(programs.python)
    for program in needed:
        if not os.access(program, os.X_OK):
            raise Failure(f"{program} is not there or not executable; "
                          "build it first, or name it with --coldframe, --tools or --python")
    return programs


def number(value: float, row: Row) -> str:
    return f"{value:.2f}" if abs(value) < 100 or not row.unit else f"{value:.0f}"


def table_line(row: Row, plan: Plan, values: list[float] | str) -> tuple[str, bool]:
    """The row in markdown, and whether it did not miss its must."""
    sign = "≤" if row.at_most else "≥"
    begin = f"| {row.title} | {sign} {row.must:g}{row.unit} | {row.aim:g}{row.unit} | "
    if isinstance(values, str):
        return begin + f"– | {values} |", True
    middle = statistics.median(values)
    verdict = ("aim reached" if row.reached(middle, row.aim) else
               "reached" if row.reached(middle, row.must) else "**MISSED**")
    spread = (f"{number(middle, row)}{row.unit} "
              f"({number(min(values), row)}..{number(max(values), row)})")
    if row.key in plan.notes:
        spread += f"; {plan.notes[row.key]}"
    return begin + f"{spread} | {verdict} |", row.reached(middle, row.must)


def measure(plan: Plan) -> dict[str, list[float] | str]:
    found: dict[str, list[float] | str] = {}
    for keys, experiment in EXPERIMENTS + GROUND_EXPERIMENTS:
        if not plan.wanted.intersection(keys):
            continue
        print(f"measuring {', '.join(keys)} …", file=sys.stderr, flush=True)
        try:
            values = experiment(plan)
        except NotApplicable as reason:
            found.update({key: str(reason) for key in keys})
            continue
        except Failure as failure:
            print(f"bench: {', '.join(keys)}: {failure}", file=sys.stderr)
            found.update({key: f"failed: {failure}" for key in keys})
            continue
        found.update({key: values.get(key, ONE_ENVIRONMENT) for key in keys})
    return found


def report(plan: Plan, found: dict[str, list[float] | str], conditions: dict) -> bool:
    machine = conditions["machine"]
    subject = "a second floor (self-check)" if plan.self_check else "coldframe"
    print(f"{conditions['date']}, {machine['cpu']}, {machine['cores']} cores"
          f"{' of a virtual machine' if machine['virtual'] else ''}, {machine['memory_gb']} GB, "
          f"Linux {machine['kernel']}; {plan.rounds} rounds, {subject} ÷ floor, "
          f"pinned to CPU {min(plan.cpus)} unless said otherwise; load average before "
          f"{conditions['load_before']:.2f}, stolen {conditions['steal_percent']:.1f} %.\n")
    all_well = True
    for title, rows in (("", ROWS), ("The ground: strict sandbox, limits, freeze", GROUND_ROWS)):
        rows = [row for row in rows if row.key in plan.wanted]
        if not rows:
            continue
        if title:
            print(f"\n{title}\n")
        print("| measure | must reach | aim | measured: median (min..max) | verdict |")
        print("|---|---|---|---|---|")
        for row in rows:
            line, well = table_line(row, plan, found[row.key])
            all_well = all_well and well
            print(line)
    return all_well


def main() -> int:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    wanted = set(arguments.only or [row.key for row in ALL_ROWS])
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        plan = Plan(programs=find_programs(arguments, wanted), cpus={arguments.cpu},
                    rounds=3 if arguments.quick else arguments.rounds,
                    scale=0.2 if arguments.quick else 1.0, self_check=arguments.self_check,
                    work=Path(work), wanted=wanted)
        steal, total = host.steal_and_total()
        conditions = {"date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
                      "machine": host.machine(), "load_before": os.getloadavg()[0]}
        begin = time.monotonic()
        found = measure(plan)
        steal_after, total_after = host.steal_and_total()
        conditions["steal_percent"] = 100 * (steal_after - steal) / max(1, total_after - total)
        conditions["seconds"] = round(time.monotonic() - begin, 1)
        all_well = report(plan, found, conditions)
        if arguments.json:
            Path(arguments.json).write_text(json.dumps(
                {"conditions": conditions, "rows": found, "raw": plan.raw}, indent=1) + "\n")
    if any(isinstance(values, str) and values.startswith("failed") for values in found.values()):
        return 4
    return 0 if all_well else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as problem:
        print(f"bench: {problem}", file=sys.stderr)
        sys.exit(4)
    except KeyboardInterrupt:
        sys.exit(130)
