"""Starts and ends what bench/ measures: the floor relay and Coldframe, each with its runtimes.

    with FloorServer(programs, programs.instant_function(), cpus={1}) as floor:
        result = load(programs, floor, cpus={1}, count=10000)

Every server ends with all its processes when its block ends, also after an error.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import host

PATH = "/2015-03-31/functions/function/invocations"
START_LIMIT = 15.0  # seconds until a server must be ready


class Failure(Exception):
    """Something that should work does not; one sentence."""


class NotApplicable(Exception):
    """A row that cannot be measured in this mode; one sentence."""


@dataclass(frozen=True)
class Function:
    """What runs behind the server: a command and its working directory."""
    command: list[str]
    directory: str
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Programs:
    coldframe: Path
    floor: Path
    load: Path
    instant: Path
    scripted: Path
    python: Path
    environments: Path

    def instant_function(self) -> Function:
        return Function([str(self.instant)], "/")

    def slow_function(self) -> Function:
        """It answers after 50 ms, so that as many environments are at work as there are callers."""
        return Function([str(self.scripted), str(Path(__file__).resolve().parent / "slow.dialogue")],
                        "/")

    def python_function(self) -> Function:
        echo = Path(__file__).resolve().parent / "python_echo"
        return Function([str(self.python), "-m", "awslambdaric", "app.handler"], str(echo),
                        {"PYTHONDONTWRITEBYTECODE": "1"})


class Server:
    """One started server. `start_ms` is the time from just before its spawn to a connection."""

    def __init__(self, programs: Programs, function: Function, cpus: set[int] | None,
                 environments: int = 1, provisioned: int = 0) -> None:
        self.programs = programs
        self.function = function
        self.cpus = cpus
        self.environments = environments
        self.provisioned = provisioned
        self.port = 0
        self.path = PATH
        self.start_ms = 0.0
        self.directory = tempfile.mkdtemp(prefix="bench-")  # also holds the stderr of all
        self.started: list[subprocess.Popen] = []

    def __enter__(self) -> Server:
        try:
            with host.pinned(self.cpus):
                self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self) -> None:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        return self.started[0].pid

    def spawn(self, command: list[str], **options) -> subprocess.Popen:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        except OSError as error:
            raise Failure(f"cannot start {command[0]}: {error.strerror}") from error
        self.started.append(process)
        return process

    def wait_for(self, what: str, found) -> None:
        """Polls every 0.1 ms until `found()` is true."""
        limit = time.monotonic() + START_LIMIT
        while not found():
            code = self.started[0].poll()
            if code is not None:
                raise Failure(f"{self.started[0].args[0]} ended with code {code} before {what}; "
                              f"it said: {self.complaint()}")
            if time.monotonic() > limit:
                raise Failure(f"{what} did not come within {START_LIMIT:.0f} s")
            time.sleep(0.0001)

    def complaint(self) -> str:
        path = Path(self.directory, "stderr")
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return " / ".join(lines[-3:]) or "nothing"

    def accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def emulator_pids(self) -> list[int]:
        """The server, and the helpers it forked from its own program; never the runtimes."""
        own = host.executable(self.pid)
        return [self.pid] + [pid for pid in host.descendants(self.pid)
                             if host.executable(pid) == own]

    def runtimes(self) -> list[int]:
        """The runtimes that live below the server."""
        wanted = self.function.command[0]
        return [pid for pid in host.descendants(self.pid) if host.executable(pid) == wanted]

    def cpu_seconds(self) -> float:
        return sum(host.cpu_seconds(pid) for pid in self.emulator_pids())

    def rss_bytes(self) -> int:
        first, *helpers = self.emulator_pids()
        return host.rss_bytes(first) + sum(host.private_bytes(pid) for pid in helpers)

    def end(self) -> None:
        below = [pid for process in self.started for pid in host.descendants(process.pid)]
        programs = {host.executable(pid) for pid in below} - {""}
        for process in reversed(self.started):  # a floor's runtime first, it would complain
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
        limit = time.monotonic() + 1
        while left := [pid for pid in below if host.executable(pid) in programs]:
            if time.monotonic() > limit:
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                raise Failure(f"{len(left)} processes outlived {self.started[0].args[0]} by more "
                              "than a second; they have been killed")
            time.sleep(0.01)


class FloorServer(Server):
    """bench_floor_relay and one runtime."""

    def start(self) -> None:
        begin = time.perf_counter()
        relay = self.spawn([str(self.programs.floor), "0", "0"], stdout=subprocess.PIPE, text=True)
        words = relay.stdout.readline().split()
        relay.stdout.close()
        if len(words) != 4:
            raise Failure(f"{self.programs.floor} did not print its ports")
        self.port = int(words[1])
        self.wait_for("the floor's port", self.accepts)
        self.start_ms = (time.perf_counter() - begin) * 1e3
        environment = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{words[3]}",
                       "PATH": os.environ.get("PATH", "/usr/bin:/bin"), **self.function.variables}
        with open(Path(self.directory, "stderr"), "wb") as log:
            self.spawn(self.function.command, cwd=self.function.directory, env=environment,
                       stdout=log, stderr=log)


class ServeServer(Server):
    """What all that run `coldframe serve` share; its stderr, with all log lines, goes to a file."""

    def function_file(self, function: Function, name: str, directory: Path) -> None:
        (directory / "function.json").write_text(json.dumps({
            "FunctionName": name, "MemorySize": 1769, "Timeout": 30,
            "Environment": {"Variables": function.variables},
            "ImageConfig": {"EntryPoint": function.command[:1], "Command": function.command[1:],
                            "WorkingDirectory": function.directory}}))

    def serve(self, targets: list[Path], options: list[str]) -> None:
        directory = Path(self.directory)
        ready = directory / "ready"
        command = [str(self.programs.coldframe), "serve", *map(str, targets), "--port", "0",
                   "--ready-file", str(ready), "--concurrency", str(self.environments),
                   "--provisioned", str(self.provisioned), *options]

        def is_ready() -> bool:
            try:
                line = ready.read_text()
            except OSError:
                return False
            if not line.endswith("\n"):
                return False
            self.port = int(line.strip().rsplit(":", 1)[1])
            return self.accepts()

        with open(directory / "stderr", "wb") as log, open(directory / "stdout", "wb") as out:
            begin = time.perf_counter()
            self.spawn(command, stdout=out, stderr=log, cwd=directory)
            self.wait_for("the ready file", is_ready)
            self.start_ms = (time.perf_counter() - begin) * 1e3


NOTHING_HELD = ["--limits", "none", "--sandbox", "none", "--freeze", "off"]


class ColdframeServer(ServeServer):
    """`coldframe serve` on a function directory; nothing is held, so that it is compared alike."""

    def start(self) -> None:
        directory = Path(self.directory)
        self.function_file(self.function, "function", directory)
        self.serve([directory], NOTHING_HELD)


class HeldServer(ServeServer):
    """`coldframe serve` with the strict sandbox, limits and freeze; `held=False`: with none of it."""

    def __init__(self, programs: Programs, functions: dict[str, Function], cpus: set[int] | None,
                 environments: int = 1, provisioned: int = 0, held: bool = True,
                 options: tuple[str, ...] = ()) -> None:
        super().__init__(programs, next(iter(functions.values())), cpus, environments, provisioned)
        self.functions = functions
        self.options = [*(["--sandbox", "strict", "--network", "none"] if held else NOTHING_HELD),
                        *options]
        self.path = PATH.replace("function/", next(iter(functions)) + "/")

    def start(self) -> None:
        targets = []
        for name, function in self.functions.items():
            directory = Path(self.directory, name)
            if function.directory != "/":  # inside it is /var/task
                shutil.copytree(function.directory, directory)
                function = Function(function.command, ".", function.variables)
            directory.mkdir(exist_ok=True)
            self.function_file(function, name, directory)
            targets.append(directory)
        self.serve(targets, self.options)

    def cold_starts(self) -> int:
        return self.log().count("\tInit Duration: ")

    def initialized(self) -> int:
        """Environments that were started ahead and are ready."""
        return self.log().count("INIT_REPORT Init Duration: ")

    def log(self) -> str:
        return Path(self.directory, "stderr").read_text(errors="replace")


def load(programs: Programs, server: Server, cpus: set[int] | None, count: int, warmup: int = 100,
         connections: int = 1, body_file: str = "", pause_us: int = 0) -> dict:
    """Calls the server `count` times and returns bench_load's numbers, with the emulator's CPU."""
    command = [str(programs.load), "--port", str(server.port), "--path", server.path, "--json",
               "--count", str(count), "--warmup", str(warmup), "--connections", str(connections)]
    if pause_us:
        command += ["--pause", str(pause_us)]
    if body_file:
        command += ["--body-file", body_file]
    with host.pinned(cpus):
        before = server.cpu_seconds()
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        used = server.cpu_seconds() - before
    if result.returncode != 0:
        raise Failure(f"{result.stderr.strip() or 'bench_load failed'} "
                      f"(the server's log ends: {server.complaint()})")
    numbers = json.loads(result.stdout)
    numbers["cpu_us"] = used * 1e6 / (count + warmup)
    return numbers
