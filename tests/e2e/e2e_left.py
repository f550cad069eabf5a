"""What the tests of what is left share: functions that leave somebody, and who is theirs.

    class Ends(LeftTest):
        def test_the_end_leaves_nothing(self):
            target = self.function(PHASES["idle"], "f")
"""
from pathlib import Path

from e2e_serve import children_of
from e2e_support import E2eTest, process_file, processes_of

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
