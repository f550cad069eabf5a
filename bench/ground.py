"""The rows of the second table: what the ground costs that environments stand on, the strict
sandbox, limits and freeze. Each is measured beside its own reference in the same run.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import time
from collections.abc import Iterator

from rows import Plan, Row
from servers import Failure, Function, HeldServer, NotApplicable, load

GROUND_ROWS = [
    Row("place", "namespaces, mounts, user and seccomp, fork to first instruction − bare fork and "
        "exec", 1.5, 1.0, " ms"),
    Row("prepared", "the start of an environment prepared ahead, everything − bare", 2, 1, " ms"),
    Row("on-demand", "the same on demand", 25, 10, " ms"),
    Row("teardown", "end of an idle environment, off the reply path", 10, 3, " ms"),
    Row("others", "p99 of others' invokes while one environment starts and one ends each 100 ms ÷ "
        "without", 1.5, 1.2),
    Row("ground-python", "Python client, small echo, 6 ms apart, p50 with strict sandbox, limits "
        "and freeze ÷ without", 1.25, 1.1),
    Row("alive", "p50 of one of 200 living environments ÷ of one alone", 1.3, 1.1),
]
NEEDS_COLDFRAME = "needs Coldframe, not the floor"
APART_S = 0.1
MANY = 200


def refuse_self_check(plan: Plan) -> None:
    if plan.self_check:
        raise NotApplicable(NEEDS_COLDFRAME)


def starts(plan: Plan) -> dict[str, list[float]]:
    """bench_environments: at least 100 ms apart, each beside a bare fork and exec of its round."""
    refuse_self_check(plan)
    rounds = max(5, int(plan.rounds * 6 * plan.scale))
    result = subprocess.run([str(plan.programs.environments), "--rounds", str(rounds)],
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Failure(result.stderr.strip() or "bench_environments failed")
    numbers = json.loads(result.stdout)
    plan.keep("starts", numbers)
    us = numbers["us"]

    def beyond_bare(name: str) -> list[float]:
        return [(mine - bare) / 1e3 for mine, bare in zip(us[name], us["bare"])]

    def middle(name: str) -> float:
        return statistics.median(us[name]) / 1e3

    plan.notes["place"] = (f"bare {middle('bare'):.2f} ms; from the request on "
                           f"{middle('place'):.2f} − {middle('bare'):.2f}")
    plan.notes["on-demand"] = (f"{middle('joining'):.1f} ms of it waiting to be in the groups of "
                               f"{numbers['limits']}")
    plan.notes["prepared"] = f"from the request on; network {numbers['network']}"
    return {"place": beyond_bare("forked-place"), "prepared": beyond_bare("prepared"),
            "on-demand": beyond_bare("demand"),
            "teardown": [us / 1e3 for us in us["end-demand"] + us["end-prepared"]]}


@contextlib.contextmanager
def passing_by(plan: Plan, server: HeldServer, name: str) -> Iterator[None]:
    """Calls a function whose environment has ended before each call, every 100 ms."""
    command = [str(plan.programs.load), "--port", str(server.port), "--path",
               f"/2015-03-31/functions/{name}/invocations", "--count", "1000000", "--warmup", "0",
               "--pause", str(int(APART_S * 1e6))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise Failure("the caller of the function that comes and goes has ended")
    finally:
        process.terminate()
        process.wait()


def others(plan: Plan) -> dict[str, list[float]]:
    """A function that is called without a pause, and another whose environments come and go."""
    refuse_self_check(plan)
    instant = plan.programs.instant_function()
    values, seen = [], []
    # 40 ms: each environment of the other function has ended when its next call comes.
    with HeldServer(plan.programs, {"busy": instant, "passing": instant}, None,
                    options=("--idle-timeout", "40ms")) as server:
        count = plan.calls(40_000)
        load(plan.programs, server, None, max(2_000, count // 10))
        for number in range(plan.rounds):
            found = {}
            for passing in (False, True) if number % 2 == 0 else (True, False):
                if not passing:
                    found[passing] = load(plan.programs, server, None, count, 500)
                    continue
                with passing_by(plan, server, "passing"):
                    before, begin = server.cold_starts(), time.monotonic()
                    found[passing] = load(plan.programs, server, None, count, 500)
                    seconds = time.monotonic() - begin
                    came = server.cold_starts() - before
                if came < 0.7 * seconds / APART_S:
                    raise Failure(f"only {came} environments started in {seconds:.1f} s")
                seen.append(came / seconds)
            values.append(found[True]["p99_us"] / found[False]["p99_us"])
            plan.keep("others", {"with": found[True], "without": found[False],
                                 "starts_per_second": seen[-1]})
    raw = plan.raw["others"]
    with_us, without_us = (statistics.median(one[side]["p99_us"] for one in raw)
                           for side in ("with", "without"))
    plan.notes["others"] = (f"{with_us:.0f} ÷ {without_us:.0f} µs, unpinned; "
                            f"{statistics.median(seen):.1f} starts a second")
    return {"others": values}


def ground_python(plan: Plan) -> dict[str, list[float]]:
    """Far enough apart that the environment is frozen before each invoke."""
    refuse_self_check(plan)
    function = {"function": plan.programs.python_function()}
    values, pairs = [], []
    for number in range(plan.rounds):
        with HeldServer(plan.programs, function, None) as held, \
                HeldServer(plan.programs, function, None, held=False) as free:
            found = {}
            for server in (held, free) if number % 2 == 0 else (free, held):
                found[server] = load(plan.programs, server, None, plan.calls(500), 50,
                                     pause_us=6_000)
        pairs.append((found[held]["p50_us"], found[free]["p50_us"]))
        values.append(pairs[-1][0] / pairs[-1][1])
        plan.keep("ground-python", {"held": found[held], "free": found[free]})
    held_us, free_us = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    plan.notes["ground-python"] = f"{held_us:.0f} ÷ {free_us:.0f} µs, unpinned"
    return {"ground-python": values}


def alive(plan: Plan) -> dict[str, list[float]]:
    refuse_self_check(plan)
    function: dict[str, Function] = {"function": plan.programs.instant_function()}
    values, pairs, took = [], [], []
    for _ in range(max(1, plan.rounds // 2)):
        p50 = {}
        for count in (1, MANY):
            begin = time.monotonic()
            with HeldServer(plan.programs, function, plan.cpus, count, count) as server:
                wait_for_inits(server, count)
                if count == MANY:
                    took.append(time.monotonic() - begin)
                time.sleep(0.5)
                found = load(plan.programs, server, plan.cpus, plan.calls(10_000), 1_000)
            p50[count] = found["p50_us"]
            plan.keep("alive", {"environments": count, **found})
        pairs.append((p50[MANY], p50[1]))
        values.append(p50[MANY] / p50[1])
    many_us, one_us = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    plan.notes["alive"] = (f"{many_us:.1f} ÷ {one_us:.1f} µs; all {MANY} up within "
                           f"{statistics.median(took):.1f} s")
    return {"alive": values}


def wait_for_inits(server: HeldServer, count: int) -> None:
    limit = time.monotonic() + 120
    while server.initialized() < count:
        if time.monotonic() > limit:
            raise Failure(f"only {server.initialized()} of {count} environments came to life; "
                          f"the server says: {server.complaint()}")
        time.sleep(0.02)


GROUND_EXPERIMENTS = [
    (("place", "prepared", "on-demand", "teardown"), starts),
    (("others",), others),
    (("ground-python",), ground_python),
    (("alive",), alive),
]
