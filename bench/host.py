"""What bench/ reads from the host: processes, their CPU time and memory, and the machine class."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import time
from collections.abc import Iterator

_LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def pinned(cpus: set[int] | None) -> Iterator[None]:
    """Runs the block, and whatever it starts, on these CPUs only; None leaves everything free."""
    before = os.sched_getaffinity(0)
    if cpus is not None:
        os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """CPU time of a live process from its own clock (nanoseconds, not scheduler ticks)."""
    clock = ctypes.c_int()
    error = _LIBC.clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise OSError(error, f"no CPU clock of process {pid}")
    return time.clock_gettime(clock.value)


def rss_bytes(pid: int) -> int:
    return _field(f"/proc/{pid}/status", "VmRSS:") * 1024


def private_bytes(pid: int) -> int:
    """Resident pages that no other process shares, for forked helpers."""
    path = f"/proc/{pid}/smaps_rollup"
    return (_field(path, "Private_Clean:") + _field(path, "Private_Dirty:")) * 1024


def _field(path: str, name: str) -> int:
    with open(path, encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(name):
                return int(line.split()[1])
    raise OSError(f"{path} has no line {name}")


def switches(pid: int) -> int:
    """How often the process has given up the CPU to wait for something."""
    return _field(f"/proc/{pid}/status", "voluntary_ctxt_switches:")


def executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""  # it ended, or is a zombie


def descendants(root: int) -> list[int]:
    """Every live process below `root`, whatever its group or session."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(name))
    found = list(children.get(root, []))
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def steal_and_total() -> tuple[int, int]:
    """Ticks stolen by the hypervisor and all ticks so far, over all CPUs."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return fields[7], sum(fields)


def cpu_model() -> str:
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def machine() -> dict:
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) / 1024 / 1024
    with open("/proc/sys/net/ipv4/tcp_congestion_control", encoding="ascii") as file:
        congestion = file.read().strip()
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "memory_gb": round(memory, 1),
            "kernel": platform.release(), "tcp": congestion,
            "virtual": "hypervisor" in open("/proc/cpuinfo", encoding="ascii",
                                            errors="replace").read()}
