"""coldframe bench cold and warm: intervals, gates, result file. No wall time is judged here."""
import json
import math
import signal
import subprocess
import time
import unittest

from e2e_support import INSTANT, OBEY, PATIENCE, SOURCE, code_of, wait_until
from refusal import RefusalTest
from schema_check import schema_faults

SCHEMA = json.loads((SOURCE / "docs/schemas/bench.schema.json").read_text())
NEEDS = "p99 needs ≥ 299 starts (have 40)"


def ranks(p: float, n: int) -> tuple[int, int | None]:
    """Ranks of the two-sided 95 % interval by order statistics, from the binomial distribution."""
    def below(k: int) -> float:  # P(X <= k)
        return sum(math.comb(n, i) * p**i * (1 - p)**(n - i) for i in range(k + 1))
    low = max(rank for rank in range(1, n + 1) if rank == 1 or below(rank - 1) <= 0.025)
    high = next((rank for rank in range(1, n + 1) if below(rank - 1) >= 0.975), None)
    return low, high


class BenchTest(RefusalTest):
    def bench(self, *words: object, code: int = 0) -> dict:
        """`bench … --json -`: its object, checked against the schema."""
        kind, *options = words
        done = self.coldframe("bench", kind, self.target, "--json", "-", *options, seconds=120)
        self.assert_exit(done, code)
        result = json.loads(done.out)
        self.assertEqual(schema_faults(result, SCHEMA), [])
        self.assertEqual(result["verdict"]["exit_code"], code)
        return result


class Ranks(unittest.TestCase):
    def test_the_vectors_of_the_design_hold(self):
        self.assertEqual(ranks(0.5, 20), (6, 15))
        self.assertEqual(ranks(0.9, 100), (84, 96))
        self.assertEqual(ranks(0.95, 100), (90, 100))
        self.assertEqual(ranks(0.99, 200), (195, None))


class Cold(BenchTest):
    def test_forty_starts_print_p50_and_p90_with_intervals_and_what_p99_would_need(self):
        done = self.coldframe("bench", "cold", self.target, "--starts", 40)
        self.assert_exit(done, 0)
        row = next(line for line in done.lines() if line.startswith("init "))
        self.assertIn(NEEDS, row)
        self.assertRegex(row, r"^init +[\d.]+ [mµ]?s \[[\d.]+( [mµ]?s)?, [\d.]+( [mµ]?s)?\] +"
                              r"[\d.]+ [mµ]?s \[[\d.]+( [mµ]?s)?, [\d.]+( [mµ]?s)?\] +p99 needs")

    def test_every_start_is_a_fresh_environment_with_one_cold_and_one_warm_call(self):
        launches = self.bench("cold", "--starts", 12)["launches"]
        self.assertEqual([[sample["cold"] for sample in launch["samples"]] for launch in launches],
                         [[True, False]] * 12)
        environments = [launch["samples"][0]["environment_id"] for launch in launches]
        self.assertEqual(len(set(environments)), 12)
        self.assertTrue(all(launch["init_ms"] > 0 for launch in launches))

    def test_the_estimates_are_nearest_ranks_of_the_raw_samples_with_the_right_intervals(self):
        for starts in (20, 100):
            result = self.bench("cold", "--starts", starts)
            samples = {"init_ms": [launch["init_ms"] for launch in result["launches"]],
                       "first_ms": [launch["samples"][0]["duration_ms"]
                                    for launch in result["launches"]],
                       "cold_ms": [launch["init_ms"] + launch["samples"][0]["duration_ms"]
                                   for launch in result["launches"]],
                       "latency_ms": [launch["samples"][0]["latency_ms"]
                                      for launch in result["launches"]]}
            for metric, values in samples.items():
                values.sort()
                for name, p in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
                    with self.subTest(f"{starts} {metric} {name}"):
                        self.check_estimate(result["summary"][metric][name], values, p)
                self.assertEqual(result["summary"][metric]["max"]["estimate"], values[-1])

    def check_estimate(self, found: dict, values: list[float], p: float) -> None:
        n = len(values)
        self.assertEqual(found["n"], n)
        low, high = ranks(p, n)
        upper_bound_exists = 1 - p**n >= 0.95
        if "needed" in found:
            self.assertFalse(upper_bound_exists)
            self.assertNotIn("hi", found)
            return
        self.assertTrue(upper_bound_exists)
        self.assertEqual(found["estimate"], values[math.ceil(round(p * n, 9)) - 1])
        if high is not None:
            self.assertEqual((found["lo"], found["hi"]), (values[low - 1], values[high - 1]))

    def test_p99_is_known_from_299_starts_on(self):
        self.target = self.function(name="i", ImageConfig={"EntryPoint": [INSTANT]})
        result = self.bench("cold", "--starts", 299)
        self.assertIn("hi", result["summary"]["init_ms"]["p99"])
        self.assertNotIn("lo", result["summary"]["init_ms"]["p99"])

    def test_cpu_time_stands_beside_wall_time(self):
        self.target = self.function("busy 30ms\nsleep 30ms\nforever\n  obey\nend\n", "c")
        result = self.bench("cold", "--starts", 5, "--event", '{"do":"busy 20ms; echo"}')
        for launch in result["launches"]:
            self.assertGreaterEqual(launch["init_cpu_ms"], 29)
            self.assertGreaterEqual(launch["init_ms"], launch["init_cpu_ms"] + 25)
            self.assertGreaterEqual(launch["samples"][0]["cpu_ms"], 19)


class Gates(BenchTest):
    def test_a_threshold_decides_the_exit_code(self):
        for words, code, verdict in (
                (("init.p50 < 60s",), 0, "pass"), (("init.p50 < 1us",), 1, "fail"),
                (("init.p99 < 60s",), 5, "undecided"), (("errors <= 0",), 0, "pass"),
                (("memory.peak < 1GB",), 0, "pass"), (("memory.peak < 1MB",), 1, "fail")):
            with self.subTest(words[0]):
                result = self.bench("cold", "--starts", 8, "--threshold", *words, code=code)
                (found,) = result["thresholds"]
                self.assertEqual((found["expr"], found["verdict"]), (words[0], verdict))
                if verdict == "undecided":
                    self.assertGreaterEqual(found["needed"], 299)

    def test_one_failure_among_several_thresholds_is_1(self):
        self.bench("cold", "--starts", 8, "--threshold", "init.p50 < 60s", "--threshold",
                   "init.p50 < 1us", code=1)

    def test_a_function_that_fails_makes_the_run_invalid(self):
        result = self.bench("cold", "--starts", 5, "--event", '{"do":"error - {}"}', code=1)
        self.assertEqual(result["validity"]["state"], "INVALID")
        self.assertTrue(all("error" in sample for launch in result["launches"]
                            for sample in launch["samples"]))

    def test_a_threshold_without_a_good_sample_is_undecided_and_the_code_stays_1(self):
        result = self.bench("cold", "--starts", 5, "--event", '{"do":"error - {}"}', "--threshold",
                            "warm.p50 < 1s", code=1)
        (found,) = result["thresholds"]
        self.assertEqual(found["verdict"], "undecided")
        self.assertNotIn("value", found)
        self.assertIn("no good sample", " ".join(result["verdict"]["reasons"]))

    def test_a_threshold_on_errors_alone_decides_about_calls_that_fail(self):
        self.target = self.function("forever\n  obey\n  next\n  error - {}\nend\n", "e")
        for limit, code in (("errors <= 5", 0), ("errors <= 50%", 0), ("errors <= 4", 1)):
            result = self.bench("cold", "--starts", 5, "--threshold", limit, code=code)
            self.assertEqual(result["validity"]["state"], "VALID")

    def test_first_inits_that_failed_are_counted_and_fail_a_threshold_on_init(self):
        self.target = self.function("starts-in starts\non-start 1\n  exit 1\nend\n"
                                    "on-start 3\n  exit 1\nend\nforever\n  obey\nend\n", "i")
        result = self.bench("cold", "--starts", 2, "--threshold", "init.p50 < 3s", code=1)
        self.assertEqual([launch["init_status"] for launch in result["launches"]],
                         ["error", "error"])
        self.assertEqual(result["summary"]["failed_first_inits"], 2)
        (found,) = result["thresholds"]
        self.assertEqual(found["verdict"], "fail")
        self.assertIn("every first init failed (error ×2)", found["reason"])
        self.assertEqual(result["verdict"]["reasons"],
                         ["init.p50 < 3s does not hold: " + found["reason"]])
        (self.target / "starts").unlink()
        result = self.bench("cold", "--starts", 3)
        self.assertEqual(result["summary"]["failed_first_inits"], 2)
        self.assertEqual(result["launches"][2]["init_status"], "ok")
        self.target = self.function("starts-in starts\non-start 1\n  hang\nend\n" + OBEY, "slow")
        result = self.bench("warm", "--launches", 1, "--init-limit", "200ms")
        self.assertEqual(result["launches"][0]["init_status"], "timeout")

    def test_a_function_that_cannot_start_is_3(self):
        self.target = self.function("exit 1\n", "dead")
        done = self.coldframe("bench", "cold", self.target, "--starts", 3)
        self.assert_exit(done, 3)

    def test_smoke_goldens_are_the_events_and_their_answers_are_checked(self):
        self.target = self.function(name="s", Coldframe={"Golden": "g.jsonl"})
        golden = {"id": "a", "event": {"x": 1}, "expect": {"x": 1}, "tags": ["smoke"]}
        (self.target / "g.jsonl").write_text(json.dumps(golden) + "\n")
        result = self.bench("cold", "--starts", 5)
        self.assertEqual(result["validity"]["state"], "VALID")
        (self.target / "g.jsonl").write_text(json.dumps({**golden, "expect": {"x": 2}}) + "\n")
        result = self.bench("cold", "--starts", 5, code=1)
        self.assertEqual(result["validity"]["state"], "INVALID")
        self.assertIn("wrong_answer", json.dumps(result["launches"]))

    def test_it_says_what_it_sent_and_warns_where_that_is_nothing_anybody_chose(self):
        golden = {"id": "a", "event": {"x": 1}, "expect": {"x": 1}}
        self.target = self.function(name="s", Coldframe={"Golden": "g.jsonl"})

        def sent(*words: object) -> tuple[str, str]:
            done = self.coldframe("bench", "cold", self.target, "--starts", 2, *words)
            self.assert_exit(done, 0)
            (line,) = (line for line in done.lines() if line.startswith("event"))
            return line, done.err

        (self.target / "g.jsonl").write_text(json.dumps({**golden, "tags": ["smoke"]}) + "\n")
        self.assertEqual(sent(), ("events: 1 smoke golden", ""))
        (self.target / "g.jsonl").write_text(json.dumps(golden) + "\n")
        line, told = sent()
        self.assertEqual(line, "event: {}")
        self.assertRegex(told, r"every call sends \{\}: there are goldens \(1 case\), but none has "
                               r"the tag smoke, and there is no Coldframe\.Event")
        self.assertEqual(sent("--event", "{}"), ("event: --event", ""))
        (self.place / "my.json").write_text("{}")
        self.assertEqual(sent("-e", "my.json"), ("event: my.json", ""))
        self.assertEqual(self.bench("cold", "--starts", 2)["scenario"]["event_source"], "{}")
        self.target = self.function(name="t", Coldframe={"Event": "event.json"})
        (self.target / "event.json").write_text("{}")
        line, told = sent()
        self.assertRegex(line, r"^event: .*event\.json$")
        self.assertEqual(told, "")


class Warm(BenchTest):
    def test_launches_of_n_calls_have_one_cold_call_each_and_a_found_warm_up(self):
        result = self.bench("warm", "--launches", 6, "--calls", 40)
        self.assertEqual(len(result["launches"]), 6)
        for launch in result["launches"]:
            self.assertEqual([sample["cold"] for sample in launch["samples"]],
                             [True] + [False] * 39)
            self.assertEqual(len({sample["environment_id"] for sample in launch["samples"]}), 1)
            self.assertTrue(1 <= launch["warm_up_calls"] <= 20)
        warm = sum(40 - launch["warm_up_calls"] for launch in result["launches"])
        self.assertEqual(result["summary"]["warm_ms"]["p50"]["n"], warm)
        self.assertEqual(result["cold_ratio"], 6 / 240)

    def test_max_time_stops_it_early_and_says_so(self):
        began = time.monotonic()
        result = self.bench("warm", "--launches", 1000, "--calls", 20, "--max-time", "500ms",
                            "--event", '{"do":"sleep 5ms; echo"}')
        self.assertLess(time.monotonic() - began, PATIENCE)
        self.assertTrue(result["scenario"]["stopped_early"])
        self.assertLess(result["scenario"]["launches"], 1000)

    def test_a_signal_ends_it_and_leaves_nothing(self):
        process = self.start("bench", "warm", self.target, "--launches", 10_000,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(code_of(process), 143)
        self.assert_nothing_left()


    def test_a_signal_leaves_a_result_file_that_says_so(self):
        mark = self.place / "busy"
        self.target = self.function(
            f"starts-in starts\non-start 3\n  next\n  write-file {mark} x\n  hang\nend\n" + OBEY, "s")
        for words in (("--json", "r.json"), ("--json", "-")):
            (self.target / "starts").unlink(missing_ok=True)
            mark.unlink(missing_ok=True)
            process = self.start("bench", "warm", self.target, "--launches", 10, "--calls", 500,
                                 "--threshold", "errors <= 0", "--timeout", 60, *words,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            wait_until("the third launch is running", mark.exists)
            process.send_signal(signal.SIGINT)
            out = process.communicate()[0].decode()
            self.assertEqual(code_of(process), 130)
            result = json.loads(out if words[1] == "-" else (self.place / "r.json").read_text())
            self.assertEqual(schema_faults(result, SCHEMA), [])
            self.assertEqual(result["verdict"], {
                "exit_code": 130, "reasons": ["interrupted by SIGINT after 1000 of 5000 calls"]})
            self.assertEqual([len(launch["samples"]) for launch in result["launches"]], [500, 500])
            self.assertEqual(result["thresholds"], [])
            self.assertEqual(result["validity"]["state"], "INVALID")
            self.assertTrue(result["scenario"]["stopped_early"])


class Refused(BenchTest):
    def test_bad_options_are_named_and_nothing_is_started(self):
        for option, values in {
                "--starts": ("0", "-1", "x", "1.5"), "--max-time": ("soon", "-1s", "3"),
                "--threshold": ("", "init", "init.p50", "init.p50 <", "init.p50 < fast",
                                "init.p49 < 1s", "speed.p50 < 1s", "init.p50 = 1s",
                                "init.p50 < 1s extra", "memory.peak < 1s", "cold.ratio < 5",
                                "errors < 0", "warm.p99 < 0ms", "cold.ratio > 100%"),
                "--json": ("/gone/r.json",), "--event": ("{bad",)}.items():
            for value in values:
                names = {"--json": (value,), "--threshold": ("threshold", value)}
                self.refuse((2, 4), names.get(option, (option,)), "bench", "cold", self.target,
                            option, value)
        self.refuse(2, ("--launches",), "bench", "warm", self.target, "--launches", 0)
        self.refuse(2, ("--calls",), "bench", "warm", self.target, "--calls", 1)
        self.refuse(2, ("--starts",), "bench", "warm", self.target, "--starts", 5)

    def test_an_unknown_or_missing_kind_is_refused(self):
        self.refuse(2, ("tepid",), "bench", "tepid", self.target)
        self.refuse(2, ("cold", "warm"), "bench")
        self.refuse(77, ("rate",), "bench", "rate", self.target)


if __name__ == "__main__":
    unittest.main(verbosity=2)
