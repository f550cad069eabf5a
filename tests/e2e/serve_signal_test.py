"""Signals and closed outputs: whatever is going on, the end is clean and its code is 128 + n."""
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest

from e2e_serve import Answer, Call, Serve
from e2e_support import PATIENCE, E2eTest, code_of, is_alive, wait_until

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
LARGEST = 6291456


def bytes_in(pipe) -> int:
    """How many bytes wait in it to be read."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


def is_full(pipe, seen: list[int]) -> bool:
    """Whether so much waits as at the ten looks before; how much a pipe takes depends on the pieces."""
    seen.append(bytes_in(pipe))
    return len(seen) > 10 and seen[-1] > 0 and len(set(seen[-11:])) == 1


class Signals(E2eTest):
    def serve(self, dialogue: str | None = None, **more) -> Serve:
        name = f"f{len(os.listdir(self.place))}"
        target = self.function(dialogue, name) if dialogue else self.function(name=name)
        return Serve(self, target, name=name + "-serve", **more)

    def check_end(self, server: Serve, number: int) -> None:
        """The signal ends it soon, with its code, and leaves nothing."""
        began = time.monotonic()
        self.assertEqual(server.end(number), 128 + number, server.log())
        self.assertLess(time.monotonic() - began, PATIENCE / 2)
        self.assertFalse(server.ready_file.exists())
        self.assert_nothing_left()

    def test_while_nothing_has_happened_yet(self):
        for number in SIGNALS:
            with self.subTest(number.name):
                self.check_end(self.serve(), number)

    def test_while_an_environment_is_idle(self):
        for number in SIGNALS:
            with self.subTest(number.name):
                server = self.serve()
                server.invoke({})
                self.check_end(server, number)

    def test_in_the_middle_of_init(self):
        for number in SIGNALS:
            with self.subTest(number.name):
                server = self.serve("print starting\nhang\n")
                call = Call(server, {})
                wait_until("init has begun", lambda: "starting" in server.log())
                self.check_end(server, number)
                self.assert_told(call)

    def test_in_the_middle_of_an_invoke_with_a_caller_waiting(self):
        for number in SIGNALS:
            with self.subTest(number.name):
                server = self.serve()
                calls = [Call(server, {"do": "print busy; hang"}) for _ in range(3)]
                wait_until("all are busy", lambda: server.log().count("busy\n") == 3)
                self.check_end(server, number)
                for call in calls:
                    self.assert_told(call)

    def assert_told(self, call: Call) -> None:
        """A caller who waited is told, by an answer that no SDK takes for the function's."""
        answer = call.result()
        self.assertIsInstance(answer, Answer, repr(answer))
        self.assertEqual(answer.status, 500)
        self.assertEqual(answer.headers["x-amzn-ErrorType"], "ServiceException")

    def test_while_a_body_of_six_megabytes_is_being_uploaded(self):
        for number in SIGNALS:
            with self.subTest(number.name):
                server = self.serve()
                with server.send_head(LARGEST) as caller:
                    caller.sendall(b'"' + b"x" * (LARGEST // 2))
                    self.check_end(server, number)

    def test_while_an_answer_of_six_megabytes_waits_for_a_caller_who_does_not_read(self):
        server = self.serve()
        body = b'{"do":"respond-size 6MB"}'
        with server.send_head(len(body)) as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            caller.sendall(body)
            wait_until("the invoke is over", lambda: "REPORT" in server.log())
            self.check_end(server, signal.SIGTERM)

    def test_while_the_function_is_sending_a_long_answer(self):
        server = self.serve()
        call = Call(server, {"do": "print busy; respond-chunked 1000 1KB 20"})
        wait_until("it is sending", lambda: "busy" in server.log())
        self.check_end(server, signal.SIGINT)
        self.assert_told(call)

    def test_during_a_suppressed_init_and_during_a_reset(self):
        server = self.serve("starts-in starts\non-start 1\n  exit 1\nend\nprint again\nhang\n")
        call = Call(server, {})
        wait_until("the second init runs", lambda: "again" in server.log())
        self.check_end(server, signal.SIGTERM)
        self.assert_told(call)
        for delay in (0, 0.001, 0.003, 0.01):
            with self.subTest(delay):
                server = self.serve()
                server.invoke({"do": "exit 1"})
                time.sleep(delay)
                self.check_end(server, signal.SIGTERM)

    def test_at_any_moment_of_the_start(self):
        self.function(name="g")
        for delay in range(0, 24, 2):
            process = self.start("serve", "g", "--port", 0, "--provisioned", 2,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay / 1000)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(code_of(process), 143)
        self.assert_nothing_left()

    def test_several_signals_in_a_row_end_it_once(self):
        server = self.serve()
        calls = [Call(server, {"do": "print busy; hang"}) for _ in range(4)]
        wait_until("all are busy", lambda: server.log().count("busy\n") == 4)
        for _ in range(5):
            if server.process.poll() is None:
                server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(), 130)
        for call in calls:
            call.result()
        self.assert_nothing_left()

    def test_the_whole_process_group_may_get_it_as_from_a_terminal(self):
        server = self.serve(start_new_session=True)
        call = Call(server, {"do": "print busy; fork-grandchild; hang"})
        wait_until("it is busy", lambda: "busy" in server.log())
        os.killpg(server.pid, signal.SIGINT)
        self.assertEqual(server.wait(), 130)
        self.assert_told(call)
        self.assert_nothing_left()


class InvokeSignals(E2eTest):
    def invoke(self, dialogue: str, *words: object, **streams) -> subprocess.Popen:
        streams.setdefault("stdout", subprocess.PIPE)
        self.log = self.place / "log"
        process = self.start("invoke", self.function(dialogue), *words,
                             stderr=self.log.open("wb"), **streams)
        return process

    def test_invoke_ends_by_signal_in_init_and_in_the_invoke(self):
        for number in SIGNALS:
            for name, dialogue in (("init", "print busy\nhang\n"),
                                   ("invoke", "next\nprint busy\nhang\n")):
                with self.subTest(f"{number.name} {name}"):
                    log = self.place / f"{name}{number}"
                    process = self.start("invoke", self.function(dialogue, f"{name}-{number}"),
                                         stdout=subprocess.PIPE, stderr=log.open("wb"))
                    wait_until("it is busy", lambda: b"busy" in log.read_bytes())
                    process.send_signal(number)
                    self.assertEqual(code_of(process), 128 + number)
                    self.assertEqual(process.stdout.read(), b"", "no answer was made up")
                    self.assert_nothing_left()

    def test_what_was_answered_before_the_signal_is_on_stdout(self):
        process = self.invoke("next\nrespond 1\nnext\nprint busy\nhang\n", "--repeat", 9)
        wait_until("the second is busy", lambda: b"busy" in self.log.read_bytes())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(code_of(process), 143)
        self.assertEqual(process.stdout.read(), b"1\n")

    def test_ctrl_c_works_while_nobody_reads_stdout(self):
        process = self.invoke("forever\n  next\n  respond-size 1MB\nend\n", "--repeat", 3)
        wait_until("one was answered", lambda: b"REPORT" in self.log.read_bytes())
        time.sleep(0.5)
        self.assertTrue(is_alive(process.pid), "it waits for its reader")
        process.send_signal(signal.SIGINT)
        self.assertEqual(code_of(process), 130)
        self.assert_nothing_left()


class ClosedOutputs(E2eTest):
    def test_a_reader_that_has_gone_ends_invoke_with_141(self):
        read, write = os.pipe()
        os.close(read)
        process = self.start("invoke", self.function(), "--repeat", 1000, stdout=write,
                             stderr=subprocess.DEVNULL)
        os.close(write)
        self.assertEqual(code_of(process), 141)
        self.assert_nothing_left()

    def test_a_reader_that_leaves_in_the_middle_ends_invoke_with_141(self):
        process = self.start("invoke", self.function(), "--repeat", 100_000, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        self.assertEqual(process.stdout.readline(), b"{}\n")
        process.stdout.close()
        self.assertEqual(code_of(process), 141)

    def test_a_reader_that_has_gone_ends_serve_with_141(self):
        read, write = os.pipe()
        os.close(read)
        server = Serve(self, self.function(), wait=False, stdout=write)
        os.close(write)
        self.assertEqual(server.wait(), 141)
        self.assert_nothing_left()

    def test_a_full_disk_behind_stdout_is_4_and_said(self):
        with open("/dev/full", "wb") as full:
            process = self.start("invoke", self.function(), stdout=full, stderr=subprocess.PIPE)
            err = process.stderr.read().decode()
        self.assertEqual(code_of(process), 4, err)
        self.assertRegex(err, "(?m)^coldframe: cannot write to standard output: No space left")

    def test_a_closed_stderr_does_not_break_anything(self):
        read, write = os.pipe()
        os.close(read)
        server = Serve(self, self.function(), stderr=write)
        os.close(write)
        for number in range(20):
            self.assertEqual(server.invoke({"do": f"print-size 10KB; respond {number}"}).json(),
                             number)
        self.assertEqual(server.end(), 143)

    def test_a_stderr_that_nobody_reads_does_not_hold_up_the_answers(self):
        server = Serve(self, self.function(), stderr=subprocess.PIPE)
        for number in range(20):
            self.assertEqual(server.invoke({"do": f"print-size 30KB; respond {number}"}).json(),
                             number)
        with subprocess.Popen(["cat"], stdin=server.process.stderr, stdout=subprocess.DEVNULL):
            self.assertEqual(server.end(), 143)

    def test_a_stderr_that_nobody_reads_does_not_keep_it_from_ending(self):
        server = Serve(self, self.function(), stderr=subprocess.PIPE)
        for number in range(10):
            server.invoke({"do": f"print-size 30KB; respond {number}"})
        self.assertEqual(server.end(), 143)
        server.process.stderr.close()

    def test_an_invoke_whose_stderr_nobody_reads_ends_at_a_signal(self):
        process = self.start("invoke", self.function(), "--event",
                             json.dumps({"do": "print-size 300KB; hang"}),
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seen = []
        wait_until("the pipe is full", lambda: is_full(process.stderr, seen))
        process.send_signal(signal.SIGINT)
        self.assertEqual(code_of(process), 130)

    def test_a_hangup_that_nohup_has_ignored_does_not_end_it(self):
        server = Serve(self, self.function(),
                       preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(server.invoke({"do": "respond 1"}).json(), 1)
        self.assertEqual(server.end(), 143)

    def test_outputs_that_were_closed_before_the_start_are_no_trouble(self):
        for closed in (0, 1, 2):
            with self.subTest(closed):
                process = self.start("invoke", self.function(name=f"f{closed}"),
                                     preexec_fn=lambda: os.close(closed),
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.assertIn(code_of(process), (0, 4) if closed == 1 else (0,))


if __name__ == "__main__":
    unittest.main(verbosity=2)
