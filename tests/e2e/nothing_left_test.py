"""After every kind of end, and between invokes: no child, grandchild, daemon, guard, state file or
temporary file.
"""
import os
import signal
import subprocess
import time
import unittest

from e2e_left import ORPHANS, PHASES, LeftTest
from e2e_serve import Call, Serve
from e2e_support import code_of, files_below, is_alive, processes_of, wait_until


class Ends(LeftTest):
    def in_phase(self, phase: str, name: str) -> Serve:
        """A server whose runtime is in this phase and has a grandchild and a daemon."""
        server = Serve(self, self.function(PHASES[phase], name), name=name + "-serve")
        if phase == "idle":
            server.invoke({})
        else:
            Call(server, {})
            wait_until(f"the {phase} is going on", lambda: "here" in server.log())
        self.assertGreaterEqual(len(self.of_function(name)), 3)
        wait_until("the guard is named", server.guard)
        return server

    def test_the_end_by_a_signal_leaves_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            for phase in PHASES:
                with self.subTest(f"{number.name} {phase}"):
                    server = self.in_phase(phase, f"{phase}-{number}")
                    self.assertEqual(server.end(number), 128 + number)
                    # Not "soon after": when the program has ended, all else has ended before it.
                    self.assertEqual(processes_of(self.place), [])
                    self.assertEqual(files_below(self.state), [])

    def test_kill_9_of_the_program_leaves_nothing(self):
        for phase in PHASES:
            with self.subTest(phase):
                server = self.in_phase(phase, phase)
                self.assertEqual(server.end(signal.SIGKILL), 137)
                self.assert_nothing_left()
                self.assertTrue(server.ready_file.exists(), "nobody was there to remove it")
                server.ready_file.unlink()

    def test_a_crash_of_the_program_leaves_nothing(self):
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT):
            with self.subTest(number.name):
                server = self.in_phase("idle", f"f{number}")
                self.assertNotEqual(server.end(number), 0)
                self.assert_nothing_left()

    def test_the_normal_end_of_invoke_leaves_nothing(self):
        done = self.coldframe("invoke", self.function(PHASES["idle"]))
        self.assert_exit(done, 0)
        self.assertEqual(processes_of(self.place), [])
        self.assertEqual(files_below(self.state), [])

    def test_the_end_of_an_invoke_that_failed_leaves_nothing(self):
        cases = {"timeout": (PHASES["invoke"], 1), "crash": (ORPHANS + "next\nexit 1\n", 1),
                 "init": (ORPHANS + "exit 1\n", 3), "error": (ORPHANS + "next\nerror - {}\n", 1)}
        for name, (dialogue, code) in cases.items():
            with self.subTest(name):
                done = self.coldframe("invoke", self.function(dialogue, name), "--timeout", 1)
                self.assert_exit(done, code)
                self.assertEqual(processes_of(self.place), [])

    def test_kill_9_of_invoke_leaves_nothing(self):
        for phase in ("init", "invoke"):
            with self.subTest(phase):
                log = self.place / f"{phase}.log"
                process = self.start("invoke", self.function(PHASES[phase], phase),
                                     stdout=subprocess.DEVNULL, stderr=log.open("wb"))
                wait_until(f"the {phase} is going on", lambda: b"here" in log.read_bytes())
                process.kill()
                self.assertEqual(code_of(process), 137)
                self.assert_nothing_left()

    def test_kill_9_of_the_programs_whole_process_group_leaves_nothing(self):
        server = Serve(self, self.function(PHASES["idle"]), start_new_session=True)
        server.invoke({})
        os.killpg(server.pid, signal.SIGKILL)
        self.assertEqual(server.wait(), 137)
        self.assert_nothing_left()

    def test_kill_9_at_any_moment_of_the_start_leaves_nothing(self):
        self.function(PHASES["idle"], "g")
        for delay in range(0, 30, 2):
            process = self.start("serve", "g", "--port", 0, "--provisioned", 3,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay / 1000)
            process.kill()
            process.wait()
        wait_until("nothing runs", lambda: not processes_of(self.place))
        self.assert_exit(self.coldframe("invoke", "g"), 0)  # and sweeps what has no guard yet
        self.assert_nothing_left()


class BetweenInvokes(LeftTest):
    def test_a_reset_ends_everything_the_old_process_has_started(self):
        for end in ("exit 1", "signal KILL", "hang"):
            with self.subTest(end):
                name = end.replace(" ", "-")
                target = self.function(f"{ORPHANS}forever\n  obey\nend\n", name, Timeout=2)
                with Serve(self, target, name=name + "-serve") as server:
                    first = server.invoke({"do": "respond-pid"}).json()
                    old = self.of_function(name)
                    self.assertIn(first["grandchild"], old)
                    server.invoke({"do": end})
                    second = server.invoke({"do": "respond-pid"}).json()
                    self.assertNotEqual(second["pid"], first["pid"])
                    self.assertEqual([pid for pid in old if is_alive(pid)], [],
                                     "alive when the new process was there already")

    def test_an_expired_environment_takes_its_orphans_along(self):
        target = self.function(f"{ORPHANS}forever\n  obey\nend\n")
        with Serve(self, target, options=["--idle-timeout", "300ms"]) as server:
            grandchild = server.invoke({"do": "respond-pid"}).json()["grandchild"]
            wait_until("all is gone", lambda: set(processes_of(self.place)) ==
                       {server.pid, server.guard()})
            self.assertFalse(is_alive(grandchild))


if __name__ == "__main__":
    unittest.main(verbosity=2)
