"""coldframe doctor: what it says of the sandbox is what `invoke` then does, for root, for a user without
privileges, and in a chroot that has no /sys.
"""
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from e2e_groups import run_groups
from e2e_support import PROGRAM, Done, E2eTest
from e2e_user import UserTest, become_user


class DoctorTest(E2eTest):
    SANDBOX = None

    def lines_of(self, done: Done) -> dict[str, str]:
        """What it says, by the words in front; every fact has a line of its own."""
        self.assert_exit(done, 0)
        self.assertEqual(done.err, "")
        found = re.findall(r"^  (\S[^\n]{0,18}?)  +(\S.*)$", done.out, re.M)
        for text in ("later versions", "in force in this version", "sandbox  none"):
            self.assertNotIn(text, done.out)
        return {name: text for name, text in found}

    def in_force(self, preexec_fn=None) -> dict:
        """What a run says of itself."""
        target = self.function()
        self.prepare()
        result = self.coldframe("invoke", target, "--event", "{}", "--json", "-",
                                preexec_fn=preexec_fn)
        found = re.findall(r'"(sandbox|network)":"(\w+)"', result.out)
        self.assertEqual(len(found), 4, str(result))  # in force, and requested
        return dict(found[:2])

    def prepare(self) -> None:
        """Before somebody else runs it."""

    def check(self, said: dict[str, str], force: dict) -> None:
        if force["sandbox"] == "strict":
            self.assertRegex(said["strict"], r"one was made in \d+ ms$")
            self.assertTrue(said["network"].startswith(force["network"]), said)
            self.assertIn("/tmp", said)
            self.assertNotIn("why not strict", said)
            # What a limit in the kernel counts, a watch of processes does not see.
            by_kernel = any(name.startswith("cgroup ") for name in said)
            self.assertEqual("counts as its memory" in said["/tmp"],
                             by_kernel and "in memory" in said["/tmp"], said)
        else:
            self.assertNotIn("strict", said)
            self.assertTrue(said["why not strict"].startswith("the strict sandbox is not possible"))


class Root(DoctorTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("this is not root")

    def test_says_what_invoke_does(self):
        said = self.lines_of(self.coldframe("doctor"))
        self.check(said, self.in_force())
        if "strict" in said:
            self.assertIn(", by root; ", said["strict"])
            self.assertNotIn("this user lacks", said)

    def test_says_why_tmp_is_not_on_a_disk(self):
        if "strict" not in self.lines_of(self.coldframe("doctor")):
            self.skipTest("no strict sandbox can be made here")
        memory = self.place / "memory"
        memory.mkdir()

        def run(words: str) -> subprocess.CompletedProcess:
            script = f"mount -t tmpfs none {memory} && XDG_CACHE_HOME={memory} exec {PROGRAM} {words}"
            return subprocess.run(["unshare", "-m", "sh", "-c", script], env=self.env, text=True,
                                  capture_output=True, timeout=60)

        done = run("doctor")
        if "strict" not in done.stdout:
            self.skipTest(f"no mount in a namespace of its own: {done.stderr}")
        counts = "\n  cgroup " in done.stdout
        self.assertIn("in memory" + (", so what the function keeps there counts as its memory"
                                     if counts else "")
                      + f": no disk for /tmp: {memory}/coldframe is in memory itself; XDG_CACHE_HOME "
                      "on a disk helps\n", done.stdout)
        done = run(f"invoke {self.function()} --sandbox strict --event '[1]'")
        self.assertEqual(done.stdout, "[1]\n")
        self.assertIn("coldframe: note: /tmp is in memory here"
                      + (", and what is in it counts as the function's memory" if counts else "")
                      + f": no disk for /tmp: {memory}/coldframe is in memory itself", done.stderr)

    def test_in_a_chroot_without_sys(self):
        root = self.place / "root"
        steps = [f"mount -t tmpfs none {root}"]
        for name in ("bin", "sbin", "lib", "lib64", "usr", "etc", "dev", "proc", "program"):
            if name != "program" and not os.path.isdir(f"/{name}"):
                continue
            (root / name).mkdir(parents=True)
            source = os.path.dirname(PROGRAM) if name == "program" else f"/{name}"
            steps += [f"mkdir {root}/{name}", f"mount --rbind {source} {root}/{name}"]
        steps += [f"mkdir -m 1777 {root}/tmp {root}/var {root}/root", f"exec chroot {root} "
                  f"/usr/bin/env -i PATH=/usr/sbin:/usr/bin HOME=/root /program/{os.path.basename(PROGRAM)} doctor"]
        done = subprocess.run(["unshare", "-m", "sh", "-ec", "\n".join(steps)], env=self.env,
                              text=True, capture_output=True, timeout=60)
        if "uid 0" not in done.stdout:
            self.skipTest(f"no chroot can be made here: {done.stderr}")
        said = self.lines_of(Done(done.returncode, done.stdout, done.stderr))
        self.assertRegex(done.stdout, r"\n  missing  cgroups +none: no cgroups are mounted")
        self.assertTrue("signal" in said or "none" in said, said)
        # One or the other, never neither, and with the reason.
        self.assertNotEqual("strict" in said, "why not strict" in said, said)
        if "strict" in said:
            self.assertIn("/tmp", said)


class WhereUserNamespacesAreDenied(DoctorTest):
    """In a user namespace of its own, which allows none below it: what a container is like."""

    def doctor(self, *before: str) -> str:
        deny = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
        done = subprocess.run(["unshare", "-U", "-r", "sh", "-c", deny, "sh", *before, PROGRAM, "doctor"],
                              env=self.env, text=True, capture_output=True, timeout=60)
        if "uid 0" not in done.stdout:
            self.skipTest(f"no user namespace that allows none below it: {done.stderr}")
        return done.stdout

    def test_root_with_its_rights_needs_none(self):
        self.assertRegex(self.doctor(), r"\n  ok +user namespaces +denied; root needs none\n")

    def test_root_without_them_is_told_what_helps(self):
        if not shutil.which("setpriv"):
            self.skipTest("needs setpriv")
        said = self.doctor("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")
        self.assertRegex(said, r"\n  missing +user namespaces +denied: [^;\n]+; [^\n]*--privileged")
        self.assertRegex(said, r"\n  why not strict +the strict sandbox is not possible here: user "
                               r"namespaces are denied: [^;\n]+; [^\n]*--privileged")


class Interrupted(DoctorTest):
    def test_by_a_signal_it_leaves_nothing(self):
        for number, late in ((signal.SIGINT, 0.3), (signal.SIGTERM, 1.0), (signal.SIGQUIT, 0.3)):
            with self.subTest(number):
                process = self.start("doctor", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                time.sleep(late)
                process.send_signal(number)
                _, said = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 128 + number)
                self.assertEqual(said, f"coldframe: interrupted by {number.name}\n".encode())
                self.assertEqual(run_groups(process.pid), [])


class AsUser(UserTest, DoctorTest):
    def prepare(self) -> None:
        self.give_away()

    def test_says_what_invoke_does_and_what_this_user_lacks(self):
        self.prepare()
        said = self.lines_of(self.coldframe("doctor", preexec_fn=become_user))
        self.check(said, self.in_force(become_user))
        if "strict" not in said:
            self.assertRegex(said["why not strict"], "; ")  # what helps
            return
        self.assertIn("by a user namespace", said["strict"])
        self.assertIn("in memory", said["/tmp"])
        self.assertIn("loop devices need root; sudo has it on a disk", said["/tmp"])
        cleaned = self.coldframe("doctor", "--clean", preexec_fn=become_user)
        self.assert_exit(cleaned, 0)
        if "signal" in said:
            self.assertRegex(cleaned.out, r"(?m)^control groups none: .*; if another user's runs "
                                          r"have left some, sudo removes them$")
        self.assertIn("closed to others", said["this user lacks"])


if __name__ == "__main__":
    unittest.main()
