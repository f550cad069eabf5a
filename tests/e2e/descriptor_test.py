"""Descriptors: those that were closed at the start, and how many there may be."""
from __future__ import annotations

import contextlib
import os
import resource
import socket
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

    def limited(self, soft: int, hard: int) -> Serve:
        return Serve(self, self.function(name=f"f{soft}"), name=f"serve{soft}",
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)))

    def test_a_function_is_started_while_more_are_open_than_it_may_have(self):
        before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (before, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        usual = 1024 if hard >= 2048 or hard == resource.RLIM_INFINITY else hard // 4
        with self.limited(usual, hard) as server, contextlib.ExitStack() as idle:
            for _ in range(usual + 20):
                idle.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            answer = server.invoke({"do": "respond 7"})
            self.assertEqual((answer.status, answer.body), (200, b"7"))
            self.assertGreater(len(os.listdir(f"/proc/{server.process.pid}/fd")), usual)

    def test_a_function_is_started_where_there_may_be_few(self):
        for soft, hard in ((64, 1024), (70, 70)):
            with self.subTest(soft=soft, hard=hard), self.limited(soft, hard) as server:
                answer = server.invoke({"do": "respond 7"})
                self.assertEqual((answer.status, answer.body), (200, b"7"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
