"""Tests in which root becomes a user without privileges.

    class InsideAsUser(UserTest):
        def test_an_event_is_echoed(self):
            target = self.function()
            self.give_away()
            done = self.coldframe("invoke", target, preexec_fn=become_user)
"""
import os
import subprocess

from e2e_support import PROGRAM, E2eTest

USER = 1000  # some user without privileges


def become_user() -> None:
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)


class UserTest(E2eTest):
    """Skipped where there is no root, or where the user cannot start a program that it names."""

    STARTS: tuple[list[str], ...] = ([PROGRAM, "--version"],)

    def setUp(self) -> None:
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("this is no root, who could become somebody else")
        for words in self.STARTS:
            try:
                subprocess.run(words, user=USER, group=USER, extra_groups=[], check=True, cwd="/",
                               capture_output=True, timeout=60)
            except (OSError, subprocess.CalledProcessError) as error:
                self.skipTest(f"uid {USER} cannot start {words[0]}: {error}")
        os.chmod(self.place, 0o755)

    def give_away(self) -> None:
        """What is in the test's place so far."""
        for path in (self.place, *self.place.rglob("*")):
            os.chown(path, USER, USER, follow_symlinks=False)
