"""A function that leaves a mark when it is started, for tests in which nothing may be."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from e2e_support import SCRIPTED, E2eTest, write_script


class RefusalTest(E2eTest):
    def setUp(self) -> None:
        super().setUp()
        self.mark = self.place / "started"
        self.target = self.function()

    def function(self, *arguments: Any, **settings: Any) -> Path:
        directory = super().function(*arguments, **settings)
        write_script(directory / "start.sh",
                     f"#!/bin/sh\ntouch {self.mark}\nexec {SCRIPTED} dialogue.txt\n")
        file = directory / "function.json"
        keys = json.loads(file.read_text())
        if "ImageConfig" not in settings:
            keys["ImageConfig"] = {"EntryPoint": ["./start.sh"]}
        file.write_text(json.dumps(keys))
        return directory

    def refuse(self, code: int | tuple[int, ...], names: tuple[str, ...], *words: object,
               **more: Any) -> str:
        """One sentence that names these texts, this exit code, and no function started."""
        with self.subTest(" ".join(map(str, words))[:120]):
            self.mark.unlink(missing_ok=True)
            done = self.coldframe(*words, **more)
            self.assert_refused(done, code, *names)
            self.assertFalse(self.mark.exists(), "the function was started")
            return done.err
        return ""
