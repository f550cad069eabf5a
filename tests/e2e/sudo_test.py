"""What a run under sudo writes belongs to who called it (SUDO_UID, SUDO_GID)."""
import os
import subprocess
import unittest
from pathlib import Path

from e2e_serve import Serve
from e2e_support import PROGRAM, E2eTest

USER, GROUP = 1000, 1001


def owner(path: Path) -> tuple[int, int]:
    info = path.lstat()
    return info.st_uid, info.st_gid


class SudoTest(E2eTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("this is not root")
        self.sudo = {"SUDO_UID": str(USER), "SUDO_GID": str(GROUP)}

    def invoke(self, result: Path, **variables: str) -> None:
        target = self.place / "f"
        self.assert_exit(self.coldframe("invoke", target if target.exists() else self.function(),
                                        "--event", "{}", "--json", result, **variables), 0)

    def test_a_result_file_belongs_to_the_caller(self):
        result = self.place / "r.json"
        self.invoke(result, **self.sudo)
        self.assertEqual(owner(result), (USER, GROUP))
        os.chown(result, 0, 0)  # of a run before
        self.invoke(result, **self.sudo)
        self.assertEqual(owner(result), (USER, GROUP))

    def test_without_sudo_it_is_our_own(self):
        for variables in ({}, {"SUDO_UID": "0", "SUDO_GID": "0"}, {"SUDO_UID": "x", "SUDO_GID": "1"}):
            result = self.place / "r.json"
            self.invoke(result, **variables)
            self.assertEqual(owner(result), (0, os.getegid()))

    def test_reports_of_validate_and_bench_belong_to_the_caller(self):
        golden = self.place / "golden.jsonl"
        golden.write_text('{"id":"a","event":{"x":1},"expect":{"x":1}}\n')
        target = self.function("forever\n  next\n  echo\nend\n")
        files = [self.place / name for name in ("v.json", "v.xml", "b.json")]
        self.assert_exit(self.coldframe("validate", target, "--golden", golden, "--json", files[0],
                                        "--junit", files[1], **self.sudo), 0)
        self.assert_exit(self.coldframe("bench", "cold", target, "--starts", 2, "--json", files[2],
                                        **self.sudo), 0)
        self.assertEqual([owner(file) for file in files], 3 * [(USER, GROUP)])

    def test_a_ready_file_belongs_to_the_caller_and_no_link_is_followed(self):
        precious = self.place / "precious"
        precious.write_text("kept")
        ready = self.place / "serve.ready"
        (self.place / "serve.ready.part").symlink_to(precious)
        with Serve(self, self.function(), env={**self.env, **self.sudo}, ready_file=ready):
            self.assertEqual(owner(ready), (USER, GROUP))
        self.assertEqual(precious.read_text(), "kept")
        self.assertEqual(owner(precious)[0], 0)

    def test_the_cache_below_the_callers_home_is_theirs(self):
        """In a mount namespace of its own, where that user has a home."""
        home = self.place / "home"
        home.mkdir()
        os.chown(home, USER, GROUP)
        passwd = self.place / "passwd"
        lines = [line for line in Path("/etc/passwd").read_text().splitlines()
                 if line.split(":")[2] != str(USER)]
        passwd.write_text("\n".join([*lines, f"caller:x:{USER}:{GROUP}::{home}:/bin/sh", ""]))
        script = f"mount --bind {passwd} /etc/passwd && exec {PROGRAM} doctor"
        for times in range(2):  # made, and then found
            done = subprocess.run(["unshare", "-m", "sh", "-c", script], text=True, timeout=60,
                                  env={**self.env, **self.sudo, "HOME": str(home)},
                                  capture_output=True)
            if "mount:" in done.stderr or "unshare:" in done.stderr:
                self.skipTest(f"no mount namespace: {done.stderr}")
            self.assertEqual(done.returncode, 0, done.stderr)
            for path in (home / ".cache", home / ".cache/coldframe"):
                self.assertEqual(owner(path), (USER, GROUP), path)
            if "on a disk, a file below" in done.stdout:
                self.assertIn(f"below {home}/.cache/coldframe ", done.stdout)
                for file in (home / ".cache/coldframe").iterdir():
                    self.assertEqual(owner(file), (USER, GROUP), file)

    def test_a_home_that_is_not_the_callers_stays_roots(self):
        home = self.place / "roots"
        home.mkdir()
        self.assert_exit(self.coldframe("doctor", HOME=str(home), **self.sudo), 0)
        self.assertEqual(owner(home / ".cache/coldframe")[0], 0)


if __name__ == "__main__":
    unittest.main()
