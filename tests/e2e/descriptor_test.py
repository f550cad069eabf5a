"""Descriptors: those that were closed at the start, and how many there may be."""
from __future__ import annotations

import os
import resource
import subprocess
import unittest
from pathlib import Path

from e2e_support import OBEY, E2eTest, code_of
from e2e_serve import Serve


class DescriptorTest(E2eTest):
    def closed(self, number: int, **other) -> subprocess.Popen:
        return self.start("invoke", self.function(name=f"f{number}"), "--event", '{"do":"respond 7"}',
                          preexec_fn=lambda: os.close(number), **other)

    def test_a_closed_standard_input_is_no_trouble(self):
        process = self.closed(0, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(process.stdout.read(), b"7\n")
        self.assertEqual(code_of(process), 0)

    def test_an_answer_that_has_nowhere_to_go_is_4_and_said(self):
        process = self.closed(1, stderr=subprocess.PIPE)
        err = process.stderr.read().decode()
        self.assertEqual(code_of(process), 4, err)
        self.assertIn("coldframe: cannot write to standard output", err)

    def test_a_closed_standard_error_costs_the_log_and_nothing_else(self):
        process = self.closed(2, stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.read(), b"7\n")
        self.assertEqual(code_of(process), 0)

    def test_the_program_takes_all_it_may_have_and_the_function_what_was_usual(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        usual = 1024 if hard > 1024 or hard == resource.RLIM_INFINITY else hard // 2

        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (usual, hard))

        server = Serve(self, self.function(), preexec_fn=limit)
        runtime = server.invoke({"do": "respond-pid"}).json()["pid"]

        def soft(pid: int) -> str:
            for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
                if line.startswith("Max open files"):
                    return line.split()[3]
            return ""

        self.assertEqual(soft(runtime), str(usual))
        self.assertNotEqual(soft(server.process.pid), str(usual))
        self.assertEqual(server.end(), 143)


if __name__ == "__main__":
    unittest.main(verbosity=2)
