"""Hostile functions of a user without rights, for whom the sandbox is made in a user namespace: the
function is the same user as the sandbox's own init there, and as everything else that he runs.

As root, tests/integration/hostile_*_test.cpp has many more of them.
"""
import os
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any

from e2e_serve import Call, Serve
from e2e_support import PROGRAM, E2eTest, wait_until

NUMBER = 54321  # of a user that no host has
PYTHON = "/usr/bin/python3"
RUNTIME = """
import ctypes, errno, http.client, json, os, resource, signal

libc = ctypes.CDLL(None, use_errno=True)

def refused(function, *arguments):
    try:
        function(*arguments)
        return ""
    except OSError as error:
        return errno.errorcode.get(error.errno, repr(error))

def fork_sleepers(most):
    for number in range(most):
        try:
            if os.fork() == 0:
                signal.pause()
        except OSError as error:
            return [number, errno.errorcode[error.errno]]
    return [most, ""]

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
count = 0
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse()
    event, number = json.loads(reply.read()), reply.getheader("Lambda-Runtime-Aws-Request-Id")
    count += 1
    answer = None
    exec(event["do"])
    api.request("POST", f"/2018-06-01/runtime/invocation/{number}/response", json.dumps(answer))
    api.getresponse().read()
"""

BOMB = """
while True:
    try:
        os.fork()
        os.setsid()
    except OSError:
        pass
"""


class HostileTest(E2eTest):
    SANDBOX = "strict"
    LIMITS = "none"

    def setUp(self) -> None:
        super().setUp()
        if not os.access(PYTHON, os.X_OK):
            self.skipTest(f"needs {PYTHON}")
        self.before: tuple[str, ...] = ()
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                self.skipTest("needs setpriv to be another user")
            self.before = ("setpriv", "--reuid", str(NUMBER), "--regid", str(NUMBER),
                           "--clear-groups")
            for path in (self.place, self.state, self.temp):
                os.chown(path, NUMBER, NUMBER)
        process = self.start("invoke", self.hostile("tried"), "--event", '{"do":"answer = 1"}',
                             "--network", "none", before=self.before, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=60)
        if process.returncode == 77 or b"Permission denied" in err and not out:
            self.skipTest(err.decode().strip().splitlines()[-1])
        self.assertEqual(out.strip(), b"1", err.decode())

    def hostile(self, name: str) -> Path:
        return self.function(name=name, MemorySize=3008,
                             ImageConfig={"EntryPoint": [PYTHON, "-S", "-B", "-c", RUNTIME]})

    def serve(self, *options: object, before: tuple[str, ...] | None = None) -> Serve:
        return Serve(self, self.hostile("f"), self.hostile("g"),
                     options=["--network", "none", "--limits", self.LIMITS, "--concurrency", 1,
                              *options],
                     before=self.before if before is None else before)

    def ask(self, server: Serve, name: str, python: str) -> Any:
        answer = server.invoke({"do": python}, name)
        self.assertNotIn("X-Amz-Function-Error", answer.headers, answer.body)
        return answer.json()


class Unprivileged(HostileTest):
    def test_the_init_shows_and_gives_nothing(self):
        with self.serve() as server:
            self.assertEqual(self.ask(server, "f", "answer = os.getuid()"), 993)
            self.assertEqual(self.ask(server, "f", "answer = open('/proc/1/cmdline').read()"
                                                   ".rstrip(chr(0))"), "coldframe-sandbox")
            found = self.ask(server, "f", """
answer = {}
for name in ('environ', 'maps', 'mem', 'auxv', 'io'):
    answer[name] = refused(open, '/proc/1/' + name, 'rb')
for name in ('fd', 'fdinfo', 'map_files', 'root', 'cwd', 'root/proc'):
    answer[name] = refused(os.listdir, '/proc/1/' + name)
for name in ('exe', 'ns/mnt', 'ns/user'):
    answer[name] = refused(os.readlink, '/proc/1/' + name)
for name in ('oom_score_adj', 'clear_refs', 'uid_map', 'coredump_filter', 'comm'):
    answer['write ' + name] = refused(os.open, '/proc/1/' + name, os.O_WRONLY)
for request in (16, 0x4206):
    libc.ptrace(request, 1, 0, 0)
    answer[f'ptrace {request}'] = errno.errorcode[ctypes.get_errno()]
""")
            self.assertEqual({name: error for name, error in found.items()
                              if error not in ("EACCES", "EPERM")}, {})
            self.assertEqual(len(found), 21)

    def test_signals_do_not_reach_the_init(self):
        with self.serve() as server:
            before = self.ask(server, "f", "answer = os.getpid()")
            self.ask(server, "f", "for n in range(1, 65): refused(os.kill, 1, n)")
            self.assertEqual(self.ask(server, "f", "answer = [os.getpid(), count]"), [before, 3])

    def test_the_init_keeps_its_limits_and_its_turn(self):
        with self.serve() as server:
            before = self.ask(server, "f", "answer = os.getpid()")
            found = self.ask(server, "f", """
answer = [refused(resource.prlimit, 1, limit, (0, 0))
          for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CPU)]
answer += [refused(os.sched_setscheduler, 1, os.SCHED_IDLE, os.sched_param(0)),
           refused(os.sched_setaffinity, 1, {0}), refused(os.setpriority, os.PRIO_PROCESS, 1, 19),
           refused(os.setpriority, os.PRIO_USER, 993, 19),
           refused(os.setpriority, os.PRIO_USER, 0, 19)]
answer = [answer, refused(os.setpriority, os.PRIO_PROCESS, 0, 5), refused(resource.prlimit, 0,
          resource.RLIMIT_NOFILE, (512, 1024))]
""")
            self.assertEqual(found, [["EPERM"] * 8, "", ""])
            self.assertEqual(self.ask(server, "f", "answer = [os.getpid(), count]"), [before, 3])

    def test_the_hosts_devices_stay_as_they_are(self):
        before = os.stat("/dev/null")
        with self.serve() as server:
            self.assertEqual(self.ask(server, "f", """
with open('/dev/null', 'w') as file:
    file.write('x')
answer = [refused(os.utime, '/dev/null'), refused(os.chmod, '/dev/null', 0)]
"""), ["EROFS", "EROFS"])
        after = os.stat("/dev/null")
        self.assertEqual((before.st_mode, before.st_atime_ns), (after.st_mode, after.st_atime_ns))

    def test_a_thousand_processes_and_no_more(self):
        with self.serve() as server:
            self.ask(server, "g", "pass")
            made, why = self.ask(server, "f", "answer = fork_sleepers(2000)")
            self.assertEqual(why, "EAGAIN")
            self.assertGreater(made, 900)
            self.assertLess(made, 1024)
            self.assertEqual(self.ask(server, "g", "answer = count"), 2)
            # Gone with the runtime; then there is room again, also for others.
            server.invoke({"do": "os._exit(1)"}, "f")
            self.assertEqual(self.ask(server, "f", "answer = fork_sleepers(10)"), [10, ""])
            self.assertEqual(self.ask(server, "g", "answer = fork_sleepers(10)"), [10, ""])

    def test_files_without_content_fill_tmp_too(self):
        with self.serve() as server:
            made, why = self.ask(server, "f", """
for made in range(1 << 18):
    why = refused(os.mknod, f'/tmp/{made}')
    if why: break
answer = [made, why]
""")
            self.assertEqual(why, "ENOSPC")
            self.assertLess(made, 40_000)
            self.assertEqual(self.ask(server, "g", "answer = refused(os.mknod, '/tmp/x')"), "")

    def test_a_bomb_ends_at_its_timeout(self):
        with self.serve("--timeout", 2) as server:
            self.ask(server, "g", "pass")
            bomb = Call(server, {"do": BOMB}, "f")
            wait_until("it goes on", lambda: server.log().count("START RequestId") == 2)
            self.assertEqual(self.ask(server, "g", "answer = count"), 2)
            self.assertIn(b"timed out after 2.00 seconds", bomb.result().body)
            self.assertEqual(self.ask(server, "f", "answer = len([name for name in"
                                      " os.listdir('/proc') if name.isdigit()])"), 2)


class UnprivilegedInGroups(HostileTest):
    """Groups that root has given to the user: there each sandbox is counted for itself."""

    LIMITS = "cgroup"
    CONTROLLERS = ("cpu", "cpuacct", "memory", "pids")

    def setUp(self) -> None:
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root, who gives groups to another user")
        own = {}
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, names, group = line.split(":", 2)
            for name in names.split(","):
                own[name] = Path("/sys/fs/cgroup") / names / group.lstrip("/")
        if not all(name in own and own[name].is_dir() for name in self.CONTROLLERS):
            self.skipTest("needs control groups of v1; tests/cgroup_v2 has the other kind")
        self.groups = {own[name] / f"coldframe-e2e-{os.getpid()}" for name in self.CONTROLLERS}
        for group in self.groups:
            try:
                group.mkdir()
            except OSError as error:
                self.skipTest(f"needs control groups: {error}")
            self.addCleanup(self.remove, group)
            for path in (group, *group.iterdir()):
                os.chown(path, NUMBER, NUMBER)

    def remove(self, group: Path) -> None:
        wait_until("nobody is in it", lambda: not (group / "cgroup.procs").read_text())
        for below in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            below.rmdir()
        group.rmdir()

    def test_one_function_does_not_take_the_others_processes(self):
        join = "; ".join(f"echo $$ > {group}/cgroup.procs" for group in self.groups)
        with self.serve(before=("sh", "-c", join + '; exec "$@"', "sh", *self.before)) as server:
            self.assertEqual(self.ask(server, "f", "answer = fork_sleepers(2000)"), [1023, "EAGAIN"])
            self.assertEqual(self.ask(server, "g", "answer = fork_sleepers(500)"), [500, ""])
        for group in self.groups:
            self.assertEqual([path for path in group.iterdir() if path.is_dir()], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
