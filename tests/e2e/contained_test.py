"""As root of a user namespace, as in a container without privileges: with all users and with one."""
import ctypes
import os

from e2e_user import USER, UserTest, become_user

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
FIRST = 100_000  # the number that root has outside, where there are all users
KERNEL = ctypes.CDLL(None, use_errno=True)


def enter_user_namespace() -> None:
    if KERNEL.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def become_root_of_one() -> None:
    become_user()
    KERNEL.prctl(4, 1, 0, 0, 0)  # dumpable: else /proc/self is root's
    enter_user_namespace()
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"0 {USER} 1")
    write("/proc/self/gid_map", f"0 {USER} 1")


def become_root_of_many() -> None:
    """The maps are written by one who has stayed outside."""
    us = os.getpid()
    arrived, tell = os.pipe()
    if os.fork() == 0:
        os.read(arrived, 1)
        for name in ("uid_map", "gid_map"):
            write(f"/proc/{us}/{name}", f"0 {FIRST} 65536")
        os._exit(0)
    enter_user_namespace()
    os.write(tell, b"x")
    os.wait()
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


class Contained(UserTest):
    def setUp(self) -> None:
        super().setUp()
        child = os.fork()
        if child == 0:
            try:
                become_root_of_one()
            except OSError:
                os._exit(1)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            self.skipTest("needs user namespaces for who is not root")

    def assert_is_strict(self, target, become) -> None:
        done = self.coldframe("invoke", target, "--sandbox", "strict", "--event", '{"do": "dump-env"}',
                              "--repeat", 2, preexec_fn=become)
        self.assert_exit(done, 0)
        self.assertIn("169.254.100.1:9001" if "network: host" not in done.err else "127.0.0.1",
                      done.out)
        self.assertIn('"LAMBDA_TASK_ROOT":"/var/task"', done.out.replace(" ", ""))

    def test_root_of_one_user_has_a_strict_sandbox(self):
        target = self.function()
        self.give_away()
        self.assert_is_strict(target, become_root_of_one)

    def test_root_of_many_users_has_a_strict_sandbox(self):
        target = self.function()
        for path in (self.place, *self.place.rglob("*")):
            os.chown(path, FIRST, FIRST, follow_symlinks=False)
        self.assert_is_strict(target, become_root_of_many)


if __name__ == "__main__":
    import unittest
    unittest.main()
