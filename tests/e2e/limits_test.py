"""--limits, --cpu-scale and --freeze: what is in force, what is refused, what is left behind."""
import json
import os
import signal
import subprocess
import unittest
from pathlib import Path

from e2e_groups import own_groups, run_groups, unusable
from e2e_serve import children_of
from e2e_support import PATIENCE, E2eTest, file_of, process_file, process_state, wait_until


class Limits(E2eTest):
    def setUp(self) -> None:
        super().setUp()
        self.target = self.function()

    def result(self, *words: object, code: int = 0) -> dict:
        done = self.coldframe("invoke", self.target, "--json", "-", *words)
        self.assert_exit(done, code)
        return json.loads(done.out)

    def test_none_and_signal_are_taken_at_their_word(self):
        for name in ("none", "signal"):
            self.assertEqual(self.result("--limits", name)["function"]["limits"], name)

    def test_auto_takes_the_best_and_says_so_if_it_is_asked(self):
        name = self.result()["function"]["limits"]
        self.assertTrue(name.startswith("signal" if unusable() else "cgroup"), name)
        done = self.coldframe("invoke", self.target, "-v", "--event", "{}")
        self.assertIn(f"note: limits: {name}", done.err)
        if not unusable():
            done = self.coldframe("invoke", self.target, "--event", "{}")
            self.assertNotIn("limits", done.err)

    def test_without_groups_auto_says_once_that_it_took_signals(self):
        before = ()
        if not unusable():  # in a mount namespace of its own, where no group can be written
            if os.geteuid() != 0:
                self.skipTest("needs root, who can hide the control groups")
            before = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"',
                      "sh")
        for words, count in ((), 1), (("-v",), 1), (("--limits", "signal"), 0):
            process = self.start("invoke", self.target, "--event", "{}", *words, before=before,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            err = process.communicate(timeout=PATIENCE)[1]
            self.assertEqual(process.returncode, 0, err)
            told = [line for line in err.splitlines() if "limits: " in line]
            self.assertEqual(len(told), count, err)
            for line in told:
                self.assertRegex(line, r"^coldframe: note: limits: signal: CPU within some percent, "
                                       r"memory some MB late \(.+\)$")

    def test_what_cpu_a_function_used_and_was_kept_from(self):
        if unusable():
            self.skipTest(unusable())
        result = self.result("--limits", "cgroup", "--memory", 256, "--timeout", 60,
                             "--cpu-scale", 0.5, "--event", '{"do":"busy 50ms; respond 1"}')
        one = result["invocations"][0]
        self.assertGreaterEqual(one["cpu_ms"], 49)
        self.assertGreater(one["throttled_ms"], 0)
        self.assertEqual(result["function"]["cpu_scale"], 0.5)
        free = self.result("--limits", "none")["invocations"][0]
        self.assertNotIn("throttled_ms", free)

    def test_out_of_memory_names_a_size_to_try_last(self):
        for limits in ["signal"] if unusable() else ["cgroup", "signal"]:
            with self.subTest(limits):
                done = self.coldframe("invoke", self.target, "--limits", limits, "--memory",
                                      128, "--event", '{"do":"alloc 256MB; sleep 5s"}',
                                      "--timeout", 60)
                self.assert_exit(done, 1)
                self.assertIn('"errorType":"Runtime.OutOfMemory"', done.out)
                self.assertEqual(done.err.splitlines()[-1],
                                 "coldframe: note: out of memory at 128 MB; try --memory 256")

    def test_out_of_memory_in_the_init_cannot_start(self):
        if unusable():
            self.skipTest(unusable())
        target = self.function("alloc 256MB\nnext\nrespond 1\n", "m")
        done = self.coldframe("invoke", target, "--memory", 128, "--event", "{}")
        self.assert_exit(done, 3)
        self.assertIn("Status: error\tError Type: Runtime.OutOfMemory", done.err)

    def test_kill_9_leaves_empty_groups_and_the_next_start_removes_them(self):
        if unusable():
            self.skipTest(unusable())
        mark = self.place / "mark"
        target = self.function(f"next\nwrite-file {mark} x\nhang\n", "h")
        process = self.start("invoke", target, "--limits", "cgroup", "--event", "{}",
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("the function runs", mark.exists)
        groups = run_groups(process.pid)
        self.assertNotEqual(groups, [])
        process.send_signal(signal.SIGKILL)
        process.wait()

        def empty() -> bool:
            return all(not file_of(procs) for group in groups for procs in
                       group.rglob("cgroup.procs"))
        wait_until("nobody is left in them", empty)
        self.coldframe("invoke", self.target, "--limits", "cgroup", "--event", "{}")
        wait_until("they are gone", lambda: not any(group.exists() for group in groups))

    def test_an_idle_environment_is_frozen_unless_that_is_switched_off(self):
        for freeze, states in (("on", "TD"), ("off", "S")):
            with self.subTest(freeze):
                pid = self.place / "pid"
                target = self.function("forever\n  next\n  write-file pid @{pid}\n  respond 1\n"
                                       "end\n", freeze)
                with_it = self.start("serve", target, "--port", 0, "--limits", "none", "--freeze",
                                     freeze, "--provisioned", 1, "--ready-file", "ready",
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                wait_until("it serves", (self.place / "ready").exists)
                children = wait_until("its runtime is there", lambda: [
                    child for child in children_of(with_it.pid)
                    if b"scripted_runtime" in process_file(child, "cmdline")])
                wait_until("it rests", lambda: process_state(children[0]) in states)
                self.assertFalse(pid.exists())
                with_it.send_signal(signal.SIGTERM)
                self.assertEqual(with_it.wait(), 128 + signal.SIGTERM)
                (self.place / "ready").unlink(missing_ok=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
