"""What the SDK tests share: their virtual environment, the emulator, and how calls are set up.

    sdk_support.enter_venv()          # first of all: goes on in the environment of setup.sh
    with sdk_support.serve() as emulator: ...

The program under test is named by the environment variable COLDFRAME. With CF_SHOW_LOG=1 the
emulator's own output follows the tests of each class.
"""
from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Iterator, Sequence

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))
from emulator_process import EmulatorProcess  # noqa: E402  (found through the path set above)

VENV = Path(os.environ.get("CF_SDK_VENV", HERE.parents[1] / "build/sdk-venv")).resolve()
NAME = "scoring"
ARN = f"arn:aws:lambda:us-east-1:123456789012:function:{NAME}"
MEMORY_MB = 256
SKIP = 77


def enter_venv() -> None:
    """Starts this program again with the Python of setup.sh's environment, if it is not that."""
    if not (VENV / "ready").exists():
        print("The SDK tests have no virtual environment; run tests/sdk/setup.sh.",
              file=sys.stderr)
        sys.exit(SKIP)
    if Path(sys.prefix).resolve() != VENV:
        os.execv(VENV / "bin/python", [str(VENV / "bin/python"), *sys.argv])
    os.environ.update(call_environment())
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)


def call_environment() -> dict[str, str]:
    """Made-up keys, and nothing of what the user has configured or of a proxy."""
    return {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@contextlib.contextmanager
def serve(options: Sequence[str] = ()) -> Iterator[EmulatorProcess]:
    """The function of function/ behind a running emulator, in a directory of its own."""
    program = os.environ.get("COLDFRAME")
    if not program:
        raise SystemExit("Set COLDFRAME to the program under test.")
    with tempfile.TemporaryDirectory(prefix="coldframe-sdk-") as temporary:
        function_dir = Path(temporary, "function")
        function_dir.mkdir()
        shutil.copy(HERE / "function/app.py", function_dir)
        configuration = {
            "FunctionName": NAME, "MemorySize": MEMORY_MB, "Timeout": 3,
            "ImageConfig": {"EntryPoint": [str(VENV / "bin/python"), "-m", "awslambdaric"],
                            "Command": ["app.handler"], "WorkingDirectory": "."}}
        (function_dir / "function.json").write_text(json.dumps(configuration) + "\n")
        emulator = EmulatorProcess(program, function_dir, NAME, Path(temporary), options)
        with emulator:
            yield emulator
        if os.environ.get("CF_SHOW_LOG"):
            print(emulator.log_tail(400), file=sys.stderr)


def marks(file: Path) -> list[str]:
    """The request ids of the invocations that left a line in `file`."""
    return file.read_text().split() if file.exists() else []
