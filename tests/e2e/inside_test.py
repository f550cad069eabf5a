"""What a function sees in the strict sandbox, asked by a function: beside what is recorded on AWS.

KNOWN names what differs for a user who is not root; SPECIFICATION.md has the same under Known limits.
"""
import json
import os
import resource
import shutil
import subprocess
import unittest

from e2e_support import SANITIZED, SOURCE, Done, E2eTest
from e2e_user import UserTest, become_user

PYTHON = "/usr/bin/python3"
CANNOT = 77
VCPUS = {1769: 2, 4000: 3}  # by memory size, in MB
CAP_SYS_RESOURCE = 24
SHOWS_OTHER_OWNERS = ("ext2/ext3", "xfs", "btrfs")  # as stat(1) calls them

NO_CAPABILITY = "0" * 16
ROOTS = {"owner": 0, "group": 0, "mode": "0o755", "read-only": True}
RECORDED = {
    "dev": ["fd", "full", "null", "random", "stderr", "stdin", "stdout", "urandom", "zero"],
    "places": {"/": ROOTS, "/var/task": ROOTS, "/opt": ROOTS,
               "/var/task/bootstrap.py": {**ROOTS, "mode": "0o644"},
               "/tmp": {**ROOTS, "mode": "0o1777", "read-only": False}},
    "itself": {"user": "sbx_user1051", "HOME": None, "home": "/home/sbx_user1051",
               "home exists": False, "groups": [990], "umask": "0022",  # not recorded: container engines'
               "CapInh": NO_CAPABILITY,
               "CapPrm": NO_CAPABILITY, "CapEff": NO_CAPABILITY, "CapBnd": NO_CAPABILITY,
               "CapAmb": NO_CAPABILITY, "NoNewPrivs": "1", "Seccomp": "2"},
}
# Soft and hard; None: unlimited. NPROC, which differs with the memory size there, is no figure of
# ours: the pids controller counts.
LIMITS = {"RLIMIT_NOFILE": [1024, 1024], "RLIMIT_STACK": [8 << 20, None],
          "RLIMIT_MEMLOCK": [65536, 65536], "RLIMIT_AS": [None, None], "RLIMIT_DATA": [None, None],
          "RLIMIT_RSS": [None, None], "RLIMIT_FSIZE": [None, None], "RLIMIT_CPU": [None, None]}
# Of the five that are unlimited, what a caller may have set for itself. A sanitizer needs more
# addresses than any limit gives.
CALLERS = {"RLIMIT_RSS": 1 << 30, "RLIMIT_FSIZE": 1 << 30, "RLIMIT_CPU": 1000,
           **({} if SANITIZED else {"RLIMIT_AS": 8 << 30, "RLIMIT_DATA": 4 << 30})}


def may_raise_limits() -> bool:
    with open("/proc/self/status") as file:
        mask = next(line for line in file if line.startswith("CapEff")).split()[1]
    return bool(int(mask, 16) >> CAP_SYS_RESOURCE & 1)


def expected_cpus(memory_mb: int) -> dict:
    count = VCPUS[memory_mb]
    numbers = f"0-{count - 1}"
    return {"os.cpu_count": count, "cpuinfo": count, "online": numbers, "present": numbers,
            "possible": numbers, "nproc": min(count, len(os.sched_getaffinity(0)))}


class InsideTest(E2eTest):
    IS_ROOT = True
    KNOWN: dict = {}

    def setUp(self):
        super().setUp()
        if not os.access(PYTHON, os.X_OK):
            self.skipTest(f"needs {PYTHON}")

    def run_as(self) -> None:
        """In the child, before it becomes the program."""

    def give_away(self) -> None:
        pass

    def seen(self, memory_mb: int, before=lambda: None) -> dict:
        target = self.function(MemorySize=memory_mb, ImageConfig={
            "EntryPoint": [PYTHON, "-S", "-B", "bootstrap.py"]}, name=f"f{memory_mb}")
        target.chmod(0o755)
        code = target / "bootstrap.py"
        code.write_text((SOURCE / "fixtures/inside/bootstrap.py").read_text())
        code.chmod(0o644)
        self.give_away()

        def prepare() -> None:
            before()
            self.run_as()

        done: Done = self.coldframe("invoke", target, "--sandbox", "strict", "--init-limit", "1m",
                                    "--event", "{}", preexec_fn=prepare)
        if done.code == CANNOT:
            self.skipTest(done.err.strip().splitlines()[-1])
        self.assert_exit(done, 0)
        return json.loads(done.out)

    def test_cpus_and_memory_are_those_of_the_memory_size(self):
        for memory_mb in VCPUS:
            with self.subTest(memory_mb=memory_mb):
                seen = self.seen(memory_mb)
                self.assertEqual(seen["cpus"], expected_cpus(memory_mb))
                self.assertEqual(seen["MemTotal"], f"{memory_mb * 1024} kB")

    def test_devices_places_and_the_user_are_as_recorded(self):
        seen = self.seen(1769, lambda: os.umask(0o077))
        self.assertEqual(seen["dev"], RECORDED["dev"])
        self.assertEqual(seen["places"], self.KNOWN.get("places", RECORDED["places"]))
        self.assertEqual(seen["itself"], {**RECORDED["itself"], **self.KNOWN.get("itself", {})})

    def test_limits_are_as_recorded_whatever_the_caller_has(self):
        def set_own() -> None:
            for name, soft in CALLERS.items():
                number = getattr(resource, name)
                resource.setrlimit(number, (soft, resource.getrlimit(number)[1]))

        seen = self.seen(1769, set_own)["limits"]
        self.assertEqual({name: seen[name] for name in LIMITS}, LIMITS)

    def test_a_hard_limit_of_the_caller_is_raised_by_who_may(self):
        most = 2 << 30
        seen = self.seen(1769, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
        raised = self.IS_ROOT and may_raise_limits()
        self.assertEqual(seen["limits"]["RLIMIT_FSIZE"], 2 * [None if raised else most])


class Root(InsideTest):
    OWNERS = (0, 0)

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("this is not root")

    def give_away(self) -> None:
        for path in (self.place, *self.place.rglob("*")):
            os.chown(path, *self.OWNERS)

    def test_the_code_is_roots_whoever_it_belongs_to_here(self):
        kind = subprocess.check_output(["stat", "-f", "-c", "%T", self.place], text=True).strip()
        if kind not in SHOWS_OTHER_OWNERS:
            self.skipTest(f"needs a file system that can show other owners; this is {kind}")
        tried = subprocess.run(["unshare", "--user", "true"], stderr=subprocess.PIPE, text=True)
        if tried.returncode != 0:
            self.skipTest(f"needs user namespaces: {tried.stderr.strip()}")
        for self.OWNERS in ((1000, 1001), (1, 0), (0, 1), (993, 990)):
            with self.subTest(self.OWNERS):
                self.assertEqual(self.seen(1769)["places"], RECORDED["places"])
                shutil.rmtree(self.place / "f1769")


class AsUser(UserTest, InsideTest):
    """In a user namespace there is one user, who owns it all, and no group but that user's."""

    IS_ROOT = False
    KNOWN = {
        "places": {path: {**place, "owner": 993, "group": 990}
                   for path, place in RECORDED["places"].items()},
        "itself": {"groups": []},
    }

    def run_as(self) -> None:
        become_user()


del InsideTest  # it is not a test by itself

if __name__ == "__main__":
    unittest.main()
