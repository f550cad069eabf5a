"""After every kind of end: no child, grandchild, daemon, guard, state file or temporary file."""
import os
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from e2e_groups import run_groups, unusable
from e2e_serve import Call, Serve, children_of
from e2e_support import (E2eTest, code_of, files_below, is_alive, process_file, process_state,
                         processes_of, wait_until)

ORPHANS = "fork-grandchild\nfork-daemon\n"
PHASES = {
    "init": ORPHANS + "print here\nhang\n",
    "invoke": ORPHANS + "next\nprint here\nhang\n",
    "idle": ORPHANS + "forever\n  obey\nend\n",
}


def descendants_of(pid: int) -> list[int]:
    return [found for child in children_of(pid) for found in (child, *descendants_of(child))]


def own_mounts() -> list[str]:
    """Those of the host that are a sandbox's; others come and go."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if "coldframe" in line]


class LeftTest(E2eTest):
    def of_function(self, name: str) -> list[int]:
        """Processes of the function; coldframe and its guard are not."""
        mark = f"LAMBDA_TASK_ROOT={self.place / name}\0".encode()
        return [pid for pid in processes_of(self.place) if mark in process_file(pid, "environ")]


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
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
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


class Strict(LeftTest):
    """In the strict sandbox and, where they can be had, control groups. In there nothing shows
    whose it is, so what is looked for is what there was before the end."""

    SANDBOX = "strict"

    def setUp(self) -> None:
        super().setUp()
        done = self.coldframe("invoke", self.function(name="tried"), "--event", "{}")
        if done.code == 77:
            self.skipTest(done.err.strip())
        self.assert_exit(done, 0)
        self.cache = self.place / ".cache"
        self.mounts = own_mounts()
        self.limits = "none" if unusable() else "cgroup"

    def options(self) -> list[str]:
        return ["--limits", self.limits, "--network", "none", "--freeze", "on"]

    def loops(self) -> list[str]:
        """Files of ours behind loop devices."""
        found = []
        for path in Path("/sys/block").glob("loop*/loop/backing_file"):
            try:
                text = path.read_text()
            except OSError:
                continue  # free again
            if str(self.place) in text:
                found.append(text.strip())
        return found

    def in_phase(self, phase: str) -> tuple[Serve, list[int]]:
        """A server whose runtime is in this phase, and the processes of its sandbox."""
        server = Serve(self, self.function(PHASES[phase], phase), name=phase + "-serve",
                       options=self.options())
        if phase == "idle":
            server.invoke({}, "idle")
            wait_until("it is frozen", lambda: self.is_frozen(server))
        else:
            Call(server, {}, phase)
            wait_until(f"the {phase} is going on", lambda: "here" in server.log())
        boxes = next(pid for pid in children_of(server.pid)
                     if process_file(pid, "comm") == b"coldframe-boxes\n")
        inside = [boxes, *descendants_of(boxes)]
        self.assertGreaterEqual(len(inside), 5, "server, init, runtime, grandchild, daemon")
        wait_until("the guard is named", server.guard)
        if os.geteuid() == 0 and Path("/dev/loop-control").exists() and files_below(self.cache):
            self.assertNotEqual(self.loops(), [], "its /tmp")
        return server, inside

    @staticmethod
    def is_frozen(server: Serve) -> bool:
        if any("frozen 1" in path.read_text() for group in run_groups(server.pid)
               for path in group.glob("*/cgroup.events")):
            return True
        return any(process_state(pid) == "T" for pid in descendants_of(server.pid))

    def assert_only_empty_groups(self, server: Serve, inside: list[int]) -> None:
        wait_until("all have ended", lambda: not any(map(is_alive, inside)))
        self.assertEqual(own_mounts(), self.mounts)
        wait_until("no loop device is left", lambda: not self.loops())
        for group in run_groups(server.pid):
            for path in group.rglob("cgroup.procs"):
                self.assertEqual(path.read_text(), "", path)
        self.assert_nothing_left()

    def assert_next_start_leaves_nothing(self, server: Serve) -> None:
        self.assert_exit(self.coldframe("invoke", "tried", *self.options()), 0)
        self.assertEqual(run_groups(server.pid), [])
        self.assertEqual([name for name in files_below(self.cache) if "tmp-" not in name], [])
        self.assertEqual(self.loops(), [])

    def test_kill_9_of_the_program_leaves_nothing(self):
        for phase in PHASES:
            with self.subTest(phase):
                server, inside = self.in_phase(phase)
                if self.limits == "cgroup":
                    self.assertNotEqual(run_groups(server.pid), [])
                self.assertEqual(server.end(signal.SIGKILL), 137)
                self.assert_only_empty_groups(server, inside)
                self.assert_next_start_leaves_nothing(server)

    def test_the_end_by_a_signal_leaves_nothing(self):
        for phase in PHASES:
            with self.subTest(phase):
                server, inside = self.in_phase(phase)
                self.assertEqual(server.end(signal.SIGTERM), 143)
                # When the program has ended, all else has ended before it.
                self.assertEqual([pid for pid in inside if is_alive(pid)], [])
                self.assertEqual(run_groups(server.pid), [])
                self.assert_only_empty_groups(server, inside)

    def test_kill_9_of_the_sandbox_server_or_the_init_takes_all_inside_along(self):
        for name in ("coldframe-boxes", "coldframe-init"):
            with self.subTest(name):
                server, inside = self.in_phase("idle")
                victim = next(pid for pid in inside
                              if process_file(pid, "comm").decode().strip() == name)
                os.kill(victim, signal.SIGKILL)
                wait_until("those inside have ended", lambda: not any(
                    is_alive(pid) for pid in inside[0 if name == "coldframe-boxes" else 1:]))
                self.assertEqual(server.end(), 143)
                self.assert_only_empty_groups(server, inside)
                shutil.rmtree(self.place / "idle")

    def test_kill_9_at_any_moment_of_the_start_leaves_nothing(self):
        self.function(PHASES["idle"], "g")
        killed: list[int] = []
        for delay in range(0, 60, 4):
            process = self.start("serve", "g", "--port", 0, "--provisioned", 3, *self.options(),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay / 1000)
            inside = descendants_of(process.pid)
            process.kill()
            process.wait()
            killed.append(process.pid)
            wait_until("all have ended", lambda: not any(map(is_alive, inside)))
            wait_until("no loop device is left", lambda: not self.loops())
        # The guard of the last one may still be about to end.
        wait_until("no guard is left", lambda: not processes_of(self.place))
        self.assert_exit(self.coldframe("invoke", "tried", *self.options()), 0)
        self.assertEqual([run_groups(pid) for pid in killed if run_groups(pid)], [])
        self.assertEqual(own_mounts(), self.mounts)


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


if __name__ == "__main__":
    unittest.main(verbosity=2)
