"""What the end-to-end tests share: the program, functions made on the fly, and what may be left.

    class InvokeTest(E2eTest):
        def test_an_event_is_echoed(self):
            done = self.coldframe("invoke", self.function(), "--event", '{"a":1}')
            self.assertEqual(done.out, '{"a":1}\\n')

Every test has a directory of its own, which is also its XDG_RUNTIME_DIR and TMPDIR, so that tests
beside it see nothing of it. At its end nothing may be left: no process whose environment, working
directory or command line names the directory, no state file, no temporary file.

From the environment: COLDFRAME, SCRIPTED_RUNTIME, INSTANT_RUNTIME (programs), COLDFRAME_SOURCE (the
source tree), COLDFRAME_SANITIZER (not empty: the program is slower and keeps more memory).
"""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Sequence

SOURCE = Path(os.environ.get("COLDFRAME_SOURCE", Path(__file__).resolve().parents[2]))
PROGRAM = os.environ.get("COLDFRAME", str(SOURCE / "build/release/bin/coldframe"))
SCRIPTED = os.environ.get("SCRIPTED_RUNTIME", str(SOURCE / "build/release/bin/scripted_runtime"))
INSTANT = os.environ.get("INSTANT_RUNTIME", str(SOURCE / "build/release/bin/instant_runtime"))
SANITIZED = bool(os.environ.get("COLDFRAME_SANITIZER"))
PATIENCE = 60.0  # seconds until a condition counts as never coming, on a busy machine

OBEY = "forever\n  obey\nend\n"


@dataclass(frozen=True)
class Done:
    """A command that has ended. A signal that killed it shows as 128 + n, as in a shell."""

    code: int
    out: str
    err: str

    def lines(self) -> list[str]:
        return self.out.splitlines()

    def reports(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("REPORT ")]

    def __str__(self) -> str:
        return f"exit {self.code}\nstdout: {self.out[:2000]}\nstderr: {self.err[:4000]}"


def wait_until(what: str, condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """The condition's first true value. Fails, naming `what`, when it does not come."""
    give_up = time.monotonic() + patience
    while True:
        if value := condition():
            return value
        if time.monotonic() > give_up:
            raise AssertionError(f"after {patience:g} s still not: {what}")
        time.sleep(0.01)


def exit_code(status: int) -> int:
    return status if status >= 0 else 128 - status


def code_of(process: subprocess.Popen) -> int:
    """Waits for its end."""
    return exit_code(process.wait(PATIENCE))


def file_of(path: Path) -> bytes:
    """What the kernel says there; nothing if what it speaks of is gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def process_file(pid: int, name: str) -> bytes:
    return file_of(Path(f"/proc/{pid}/{name}"))


def process_state(pid: int) -> str:
    """The kernel's letter for it; empty if there is no such process."""
    stat = process_file(pid, "stat").decode("latin-1")
    return stat.rpartition(")")[2].split()[0] if stat else ""


def memory_bytes(pid: int) -> int:
    """Resident memory; 0 if there is no such process."""
    pages = process_file(pid, "statm").split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if pages else 0


def is_alive(pid: int) -> bool:
    return process_state(pid) not in ("", "Z", "X")


def processes_of(place: Path) -> list[int]:
    """Living processes that have anything to do with this directory, but for this one."""
    mark = os.fsencode(place)
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid() or not is_alive(int(entry)):
            continue
        try:
            directory = os.fsencode(os.readlink(f"/proc/{entry}/cwd"))
        except OSError:
            directory = b""
        texts = directory, process_file(int(entry), "environ"), process_file(int(entry), "cmdline")
        if any(mark in text for text in texts):
            found.append(int(entry))
    return found


def describe(pids: Sequence[int]) -> str:
    return "; ".join(f"{pid} {process_file(pid, 'comm').decode().strip()}"
                     f" [{process_state(pid)}]" for pid in pids)


def files_below(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if not path.is_dir())


def write_script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


class E2eTest(unittest.TestCase):
    """A test with a place of its own that is clean again at its end."""

    maxDiff = 4000
    # Most tests are not about the sandbox, and their functions leave marks on the host. None: what
    # the program chooses.
    SANDBOX: str | None = "none"

    def setUp(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="coldframe-e2e-")).resolve()
        self.state = self.place / "state"
        self.temp = self.place / "temp"
        for path in (self.state, self.temp):
            path.mkdir(mode=0o700)
        self.env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.place),
                    "XDG_RUNTIME_DIR": str(self.state), "TMPDIR": str(self.temp)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.addCleanup(self._clear)

    def tearDown(self) -> None:
        self.assert_nothing_left()

    def _clear(self) -> None:
        for pid in processes_of(self.place):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.place, ignore_errors=True)

    def assert_nothing_left(self) -> None:
        give_up = time.monotonic() + PATIENCE
        while (left := processes_of(self.place)) and time.monotonic() < give_up:
            time.sleep(0.02)
        self.assertEqual(left, [], f"processes are left: {describe(left)}")
        self.assertEqual(files_below(self.state), [], "state files are left")
        self.assertEqual(os.listdir(self.temp), [], "temporary files are left")

    # --- functions

    def function(self, dialogue: str = OBEY, name: str = "f", file: str = "function.json",
                 **settings: Any) -> Path:
        """A function directory whose runtime plays `dialogue`. Settings replace the file's keys; a
        value of None takes the key away."""
        directory = self.place / name
        directory.mkdir()
        (directory / "dialogue.txt").write_text(dialogue)
        keys = {"FunctionName": name, "MemorySize": 256, "Timeout": 10,
                "ImageConfig": {"EntryPoint": [SCRIPTED, "dialogue.txt"]}, **settings}
        text = json.dumps({key: value for key, value in keys.items() if value is not None})
        (directory / file).write_text(text + "\n")
        return directory

    # --- the program

    def start(self, *words: object, cwd: Path | None = None, before: Sequence[str] = (),
              **popen: Any) -> subprocess.Popen:
        """`before`: the words of a command that runs the program."""
        words = self._with_sandbox(words)
        popen.setdefault("env", self.env)
        popen.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen([*before, PROGRAM, *map(str, words)], cwd=cwd or self.place, **popen)
        self.addCleanup(self._end, process)
        return process

    def _with_sandbox(self, words: Sequence[object]) -> list[object]:
        at = 2 if words[:1] == ("bench",) else 1
        runs = words[:1] in (("invoke",), ("serve",), ("validate",), ("test",)) or (
            at == 2 and words[1:2] in (("cold",), ("warm",)))
        chosen = any(str(word).startswith("--sandbox") for word in words)
        extra = ["--sandbox", self.SANDBOX] if self.SANDBOX and runs and not chosen else []
        return [*words[:at], *extra, *words[at:]]

    @staticmethod
    def _end(process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def coldframe(self, *words: object, stdin: str | bytes | None = None, cwd: Path | None = None,
                  seconds: float = 120, preexec_fn: Callable[[], None] | None = None,
                  **variables: str) -> Done:
        """Runs the program to its end. `variables` are added to its environment."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        process = self.start(*words, cwd=cwd, env={**self.env, **variables},
                             stdin=subprocess.DEVNULL if data is None else subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=preexec_fn)
        try:
            out, err = process.communicate(data, seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.fail(f"coldframe {' '.join(map(str, words))[:200]} has not ended after "
                      f"{seconds:g} s\n{err.decode(errors='replace')[:2000]}")
        return Done(exit_code(process.returncode), out.decode(errors="replace"),
                    err.decode(errors="replace"))

    def assert_exit(self, done: Done, code: int) -> None:
        self.assertEqual(done.code, code, str(done))

    def assert_refused(self, done: Done, code: int | tuple[int, ...], *words: str) -> None:
        """One sentence on stderr that names all the words, nothing on stdout, this exit code."""
        self.assertIn(done.code, code if isinstance(code, tuple) else (code,), str(done))
        self.assertEqual(done.out, "", "a refusal has no answer")
        self.assertTrue(done.err.endswith("\n"), repr(done.err[:300]))
        self.assertEqual(done.err.count("\n"), 1, f"one sentence, not:\n{done.err[:2000]}")
        line = done.err[:-1]
        self.assertTrue(line.startswith("coldframe: "), line[:300])
        self.assertLessEqual(len(line), 500, "too long to read: " + line[:400])
        self.assertTrue(line.isprintable(), repr(line))
        for word in words:
            self.assertIn(word, line)
        for word in ("terminate called", "what()", "std::", "nlohmann", "CLI::", "exception",
                     "Sanitizer", ".cpp"):
            self.assertNotIn(word, line)
        self.assertEqual(files_below(self.state), [], "something was started")
