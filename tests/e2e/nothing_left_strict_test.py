"""After every kind of end of strict sandboxes: no process, mount, loop device or file, and no group but
empty ones, which the next start removes.
"""
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from e2e_groups import run_groups, unusable
from e2e_left import PHASES, LeftTest, descendants_of, own_mounts
from e2e_serve import Call, Serve, children_of
from e2e_support import (file_of, files_below, is_alive, process_file, process_state, processes_of,
                         wait_until, write_script)


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
        if any(b"frozen 1" in file_of(path) for group in run_groups(server.pid)
               for path in group.glob("*/cgroup.events")):
            return True
        return any(process_state(pid) == "T" for pid in descendants_of(server.pid))

    def assert_only_empty_groups(self, server: Serve, inside: list[int]) -> None:
        wait_until("all have ended", lambda: not any(map(is_alive, inside)))
        self.assertEqual(own_mounts(), self.mounts)
        wait_until("no loop device is left", lambda: not self.loops())
        # Also of an environment that was prepared after they had been listed.
        wait_until("nobody is in its groups", lambda: not any(
            file_of(path) for group in run_groups(server.pid)
            for path in group.rglob("cgroup.procs")))
        self.assert_nothing_left()

    def assert_next_start_leaves_nothing(self, server: Serve) -> None:
        self.assert_exit(self.coldframe("invoke", "tried", *self.options()), 0)
        self.assertEqual(run_groups(server.pid), [])
        self.assert_only_templates()
        self.assertEqual(self.loops(), [])

    def assert_only_templates(self) -> None:
        names = [Path(name).name for name in files_below(self.cache)]
        self.assertEqual([name for name in names if not re.fullmatch(r"tmp-\d+\.ext4", name)], [])

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
                # Another init may be there by now: that of the environment prepared for the next.
                victim = max((pid for pid in inside
                              if process_file(pid, "comm").decode().strip() == name),
                             key=lambda pid: len(descendants_of(pid)))
                below = [victim, *descendants_of(victim)]
                self.assertGreaterEqual(len(below), 4, "init, runtime, grandchild, daemon")
                os.kill(victim, signal.SIGKILL)
                wait_until("those inside have ended", lambda: not any(map(is_alive, below)))
                self.assertEqual(server.end(), 143)
                self.assert_only_empty_groups(server, inside)
                shutil.rmtree(self.place / "idle")

    def test_kill_9_at_any_moment_of_the_start_leaves_nothing(self):
        self.function(PHASES["idle"], "g")
        killed: list[int] = []
        for delay in range(0, 60, 4):
            for template in self.cache.rglob("tmp-*.ext4"):
                template.unlink()  # so that it is killed while it makes one, too
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
        self.assert_only_templates()

    @unittest.skipUnless(os.geteuid() == 0 and Path("/dev/loop-control").exists(),
                         "without root and loop devices /tmp is in memory")
    def test_kill_9_while_a_disk_is_made_leaves_nothing_after_the_next_start(self):
        for template in self.cache.rglob("tmp-*.ext4"):
            template.unlink()
        tools = self.place / "tools"
        tools.mkdir()
        write_script(tools / "mke2fs", f"#!/bin/sh\necho $$ > {tools}/pid\nexec sleep 1000\n")
        process = self.start("serve", "tried", "--port", 0, "--provisioned", 1, *self.options(),
                             env={**self.env, "PATH": f"{tools}:{self.env['PATH']}"},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("a disk is made", lambda: (tools / "pid").exists()
                   and (tools / "pid").read_text().endswith("\n"))
        maker = int((tools / "pid").read_text())
        process.kill()
        process.wait()
        wait_until("its maker has ended too", lambda: not is_alive(maker))
        wait_until("no guard is left", lambda: not processes_of(self.place))
        self.assertEqual(len(files_below(self.cache)), 1, "half of a disk")
        self.assert_exit(self.coldframe("invoke", "tried", *self.options()), 0)
        self.assert_only_templates()


if __name__ == "__main__":
    unittest.main(verbosity=2)
