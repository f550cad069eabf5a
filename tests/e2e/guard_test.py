"""Who cleans up when the program cannot: its guard, the next start, and the program itself as process 1.
"""
import os
import signal
import subprocess
import time
import unittest

from e2e_groups import run_groups
from e2e_left import ORPHANS, PHASES
from e2e_serve import Serve, children_of
from e2e_support import E2eTest, files_below, is_alive, process_file, process_state, processes_of, wait_until


class Process1(E2eTest):
    """In a PID namespace of its own, as in a container without an init."""

    BEFORE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")

    def setUp(self) -> None:
        super().setUp()
        tried = subprocess.run([*self.BEFORE, "true"], stderr=subprocess.PIPE, text=True)
        if tried.returncode != 0:
            self.skipTest(f"no PID namespace can be made here: {tried.stderr.strip()}")

    def test_processes_whose_parents_died_are_collected(self):
        target = self.function(f"{ORPHANS}forever\n  obey\nend\n", Timeout=2)
        server = Serve(self, target, before=self.BEFORE)
        program = children_of(server.pid)[0]

        def dead() -> list[int]:
            return [pid for pid in children_of(program) if process_state(pid) == "Z"]

        for end in ("exit 1", "signal KILL", "hang"):
            server.invoke({"do": "respond 1"})
            self.assertEqual(server.invoke({"do": end}).headers["X-Amz-Function-Error"],
                             "Unhandled")
        self.assertEqual(server.invoke({"do": "respond 1"}).body, b"1")
        guard = next(pid for pid in children_of(program)
                     if process_file(pid, "comm") == b"coldframe-guard\n")
        os.kill(guard, signal.SIGKILL)
        wait_until("the guard is collected", lambda: guard not in children_of(program))
        wait_until("no dead process is left in the table", lambda: not dead())
        self.assertIn(b"exit status 3", server.invoke({"do": "exit 3"}).body)
        os.kill(program, signal.SIGTERM)
        self.assertEqual(server.wait(), 143)


class Guards(E2eTest):
    def test_there_is_one_guard_for_one_program_whatever_it_serves(self):
        targets = [self.function(name=name) for name in "abc"]
        with Serve(self, *targets, options=["--provisioned", 2]) as server:
            wait_until("all have started", lambda: len(server.runtimes()) == 6)
            names = [process_file(pid, "comm") for pid in processes_of(self.place)]
            self.assertEqual(names.count(b"coldframe-guard\n"), 1, names)
            self.assertEqual(len(files_below(self.state)), 1)

    def test_the_death_of_the_guard_harms_nobody(self):
        server = Serve(self, self.function())
        self.assertEqual(server.invoke([1]).json(), [1])
        os.kill(wait_until("the guard is named", server.guard), signal.SIGKILL)
        time.sleep(0.1)
        self.assertEqual(server.invoke([2]).json(), [2])
        self.assertEqual(server.end(), 143)
        self.assert_nothing_left()

    def test_the_guard_ignores_what_a_terminal_sends(self):
        server = Serve(self, self.function(PHASES["idle"]))
        server.invoke({})
        guard = wait_until("the guard is named", server.guard)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            os.kill(guard, number)
        time.sleep(0.1)
        self.assertTrue(is_alive(guard))
        self.assertEqual(server.end(signal.SIGKILL), 137)
        self.assert_nothing_left()

    def test_when_the_guard_dies_with_the_program_the_next_start_sweeps_what_is_left(self):
        # Without groups: the daemon of a frozen one does not outlive its program here.
        server = Serve(self, self.function(PHASES["idle"]),
                       options=["--limits", "none", "--freeze", "off"])
        pid = server.invoke({"do": "respond-pid"}).json()["pid"]
        guard = wait_until("the guard is named", server.guard)
        os.kill(guard, signal.SIGSTOP)  # so that neither sees the other go
        os.kill(server.pid, signal.SIGKILL)
        os.kill(guard, signal.SIGKILL)
        self.assertEqual(server.wait(), 137)
        wait_until("the runtime itself goes with its parent", lambda: not is_alive(pid))
        self.assertTrue(processes_of(self.place), "the daemon is left, or this shows nothing")
        self.assertEqual(len(files_below(self.state)), 1)
        self.assert_exit(self.coldframe("invoke", self.function(name="g")), 0)
        self.assertEqual(processes_of(self.place), [])
        self.assertEqual(files_below(self.state), [])

    def test_a_start_sweeps_nothing_of_a_program_that_still_runs(self):
        with Serve(self, self.function(PHASES["idle"])) as server:
            before = server.invoke({"do": "respond-pid"}).json()
            for _ in range(3):
                self.assert_exit(self.coldframe("invoke", "f"), 0)
            after = server.invoke({"do": "respond-pid"}).json()
            self.assertEqual((after["pid"], after["count"]), (before["pid"], before["count"] + 1))
            self.assertTrue(is_alive(before["grandchild"]))

    def test_state_files_that_make_no_sense_do_not_stop_a_start(self):
        place = self.state / "coldframe"
        place.mkdir(mode=0o700)
        (place / "1-abcdef.run").write_text("+ 1 0123456789abcdef\n")
        (place / "2-abcdef.run").write_bytes(os.urandom(4096))
        (place / "3-abcdef.run").write_text(f"+ {os.getpid()} \n+\n- 5\n")
        self.assert_exit(self.coldframe("invoke", self.function()), 0)

    def test_a_link_among_the_state_files_is_not_followed(self):
        place = self.state / "coldframe"
        place.mkdir(mode=0o700)
        (self.place / "precious").write_text("+ 1 0123456789abcdef\n")
        (place / "1-abcdef.run").symlink_to(self.place / "precious")
        self.assert_exit(self.coldframe("invoke", self.function()), 0)
        self.assertEqual((self.place / "precious").read_text(), "+ 1 0123456789abcdef\n")
        (place / "1-abcdef.run").unlink()

    def test_without_a_runtime_directory_the_state_lies_in_tmp_and_is_removed(self):
        environment = {name: value for name, value in self.env.items() if name != "XDG_RUNTIME_DIR"}
        server = Serve(self, self.function(PHASES["idle"]), env=environment)
        server.invoke({})
        place = f"/tmp/coldframe-{os.geteuid()}"

        def files() -> list[str]:
            return [name for name in os.listdir(place) if name.startswith(f"{server.pid}-")]

        self.assertEqual(len(files()), 1)
        self.assertEqual(os.stat(place).st_mode & 0o077, 0)
        self.assertEqual(server.end(signal.SIGKILL), 137)
        wait_until("the guard has cleaned up", lambda: not files())
        self.assert_nothing_left()


class Doctor(E2eTest):
    """Alone: each start of any program sweeps the groups of runs that are dead."""

    def test_doctor_looks_at_what_is_left_and_cleans_it_if_told_to(self):
        grouped = Serve(self, self.function(PHASES["idle"], "g"), name="grouped")
        groups = run_groups(grouped.pid)
        self.assertEqual(grouped.end(signal.SIGKILL), 137)  # its guard ends its processes
        # Without groups, as above, and without a guard.
        server = Serve(self, self.function(PHASES["idle"]),
                       options=["--limits", "none", "--freeze", "off"])
        daemon = server.invoke({"do": "respond-pid"}).json()["grandchild"]
        guard = wait_until("the guard is named", server.guard)
        os.kill(guard, signal.SIGSTOP)
        os.kill(server.pid, signal.SIGKILL)
        os.kill(guard, signal.SIGKILL)
        self.assertEqual(server.wait(), 137)
        self.assertTrue(is_alive(daemon), "or this shows nothing")

        # In another group than ours, where no start looks; and what is nobody's, or that of one who lives.
        space = os.readlink("/proc/self/ns/pid").strip("pid:[]")
        start = process_file(os.getpid(), "stat").decode().rpartition(")")[2].split()[19]
        others = [group.parent / f"e2e-other-{os.getpid()}" for group in groups[:1]]
        left, kept = [], []
        for other in others:
            left.append(other / f"coldframe-{server.pid}-1-{space}")
            kept += [other / f"coldframe-{os.getpid()}-{start}-{space}", other / "coldframe-mine",
                     other / f"coldframe-{server.pid}-1-1"]
        for group in (*others, *left, *kept):
            group.mkdir()
            self.addCleanup(lambda group=group: group.exists() and group.rmdir())

        self.assert_exit(self.coldframe("doctor"), 0)
        self.assertTrue(is_alive(daemon))
        self.assertEqual([group for group in groups if not group.exists()], [])

        cache = self.place / ".cache/coldframe"
        cache.mkdir(parents=True, mode=0o700, exist_ok=True)
        for name in (".tmp-disk-left", "tmp-16.ext4"):
            (cache / name).write_text("x")
        done = self.coldframe("doctor", "--clean")
        self.assert_exit(done, 0)
        self.assertEqual(processes_of(self.place), [])
        self.assertEqual([group for group in (*groups, *left) if group.exists()], [])
        self.assertEqual([group for group in kept if not group.exists()], [])
        self.assertFalse((cache / ".tmp-disk-left").exists())
        self.assertTrue((cache / "tmp-16.ext4").exists())
        self.assertRegex(done.out, r"(?m)^ended [1-9]\d* processes that dead runs had left$")
        if groups:
            self.assertRegex(done.out, r"(?m)^removed [1-9]\d* control groups of dead runs")
        self.assertIn(f"removed 1 unfinished disks of dead runs from {cache}\n", done.out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
