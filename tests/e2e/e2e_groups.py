"""The control groups of these tests and of the program that they run."""
import os
from pathlib import Path


def own_groups() -> list[Path]:
    """The groups of this process: their directories, one a hierarchy that limits something."""
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for mount in Path("/proc/self/mounts").read_text().splitlines():
            _, place, kind, options = mount.split()[:4]
            if kind == "cgroup2" and not controllers or kind == "cgroup" and controllers and set(
                    controllers.split(",")) <= set(options.split(",")):
                found.append(Path(place + path))
    return found


def unusable() -> str:
    """Empty, or why the tests of control groups cannot run here."""
    for group in own_groups():
        if os.access(group, os.W_OK):
            return ""
    return "needs control groups that this user may change"


def run_groups(pid: int) -> list[Path]:
    return [found for group in own_groups() for found in group.glob(f"coldframe-{pid}-*")]
