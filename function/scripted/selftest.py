#!/usr/bin/env python3
"""Plays dialogues with the scripted runtime against a fake Runtime API and checks both sides.

    python3 function/scripted/selftest.py build/dev/bin/scripted_runtime

Needs nothing but Python's standard library.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from base64 import b64decode

from fake_api import BASE, FakeApi

RUNTIME = ""  # path of the program under test, set by main


class Dialogues(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def api(self, *events: str, next_status: int = 200) -> FakeApi:
        api = FakeApi(*events, next_status=next_status)
        self.addCleanup(api.close)
        return api

    def start(self, api: FakeApi, dialogue: str, **options) -> subprocess.Popen:
        path = os.path.join(self.directory.name, "dialogue.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(dialogue)
        environment = {"AWS_LAMBDA_RUNTIME_API": api.address, "PATH": os.environ["PATH"],
                       **options.pop("env", {})}
        process = subprocess.Popen([RUNTIME, path], env=environment, cwd=self.directory.name,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.addCleanup(self.end, process)
        return process

    def end(self, process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()

    def play(self, api: FakeApi, dialogue: str, code: int = 0, **options) -> tuple[bytes, str]:
        process = self.start(api, dialogue, **options)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, code, err.decode())
        return out, err.decode()

    def test_an_event_is_echoed_and_its_facts_can_be_expected(self) -> None:
        api = self.api('{"a":1}')
        self.play(api, 'next\nexpect-event {"a":1}\n'
                       "expect-header lambda-runtime-invocation-id nonce-1\n"
                       "expect-no-header Lambda-Runtime-Client-Context\n"
                       "echo\nexpect 202\nexpect-body OK\n")
        self.assertEqual(api.posts()[0].body, b'{"a":1}')
        self.assertEqual(api.posts()[0].path, BASE + "/invocation/id-1/response")
        self.assertEqual(api.posts()[0].headers["content-type"], "application/json")

    def test_a_failed_expectation_says_what_came_and_exits_66(self) -> None:
        _, err = self.play(self.api("1"), "next\nrespond-id nobody 1\nexpect 202\n", 66)
        self.assertRegex(err, r"dialogue\.txt:3: expected status 202, but came: 404 404 page")
        _, err = self.play(self.api("1"), "next\nexpect-header X-None 1\n", 66)
        self.assertIn("none of that name", err)

    def test_a_refused_next_exits_65_and_a_tolerant_one_goes_on(self) -> None:
        api = self.api(next_status=403)
        _, err = self.play(api, "next\n", 65)
        self.assertIn("dialogue.txt:1: next was answered with status 403", err)
        self.play(api, "next?\nexpect 403\nexpect-body InvalidStateTransition\n")

    def test_a_wrong_dialogue_is_refused_before_anything_is_played(self) -> None:
        for dialogue, sentence in [
            ("next\nfoo bar\n", ':2: unknown command "foo"'),
            ("# comment\n\nsleep 3\n", ':3: "3" is not a duration'),
            ("exit\n", ":1: write exit CODE"),
            ("hang 1\n", ":1: hang takes no argument"),
            ("expect 2x2\n", ':1: "2x2" is not a number'),
            ("respond a\\q\n", ":1: unknown escape"),
            ("repeat 2\nnext\n", ":1: repeat has no end"),
            ("end\n", ":1: end without a block"),
            ("respond-if-event x nope\n", ':1: unknown command "nope"'),
        ]:
            api = self.api()
            _, err = self.play(api, dialogue, 64)
            self.assertIn(sentence, err)
            self.assertEqual(err.count("\n"), 1)
            self.assertEqual(api.requests, [])
        result = subprocess.run([RUNTIME, "/no/such/file"], capture_output=True, check=False)
        self.assertEqual(result.returncode, 64)
        self.assertIn(b"/no/such/file: cannot be read", result.stderr)

    def test_a_missing_api_exits_69(self) -> None:
        api = FakeApi()
        api.close()
        _, err = self.play(api, "next\n", 69)
        self.assertIn("cannot connect to 127.0.0.1:", err)

    def test_errors_carry_their_type_unless_it_is_a_dash(self) -> None:
        api = self.api("1", "2")
        self.play(api, 'init-error Runtime.Bad {"e":1}\nnext\nerror Function.Boom {"e":2}\nnext\n'
                       'header Content-Type text/x\nerror - {"e":3}\nerror-id id-9 T\n')
        kind = "lambda-runtime-function-error-type"
        posts = api.posts()
        self.assertEqual([post.headers.get(kind) for post in posts],
                         ["Runtime.Bad", "Function.Boom", None, "T"])
        self.assertEqual([post.path.split("/", 3)[3] for post in posts],
                         ["init/error", "invocation/id-1/error", "invocation/id-2/error",
                          "invocation/id-9/error"])
        self.assertEqual(posts[2].headers["content-type"], "text/x")
        self.assertEqual(posts[3].headers["content-type"], "application/json")

    def test_headers_can_be_long_and_repeat_what_next_brought(self) -> None:
        api = self.api("1", "2")
        nonce = "Lambda-Runtime-Invocation-Id"
        self.play(api, "next\nheader X-Cause @900000\n"
                       f"header {nonce} @{{header:{nonce}}}\n"
                       "respond x\nnext\nrespond @{id} @{count} @{event}\n")
        self.assertEqual(api.posts()[0].headers["x-cause"], "x" * 900000)
        self.assertEqual(api.posts()[0].headers[nonce.lower()], "nonce-1")
        self.assertNotIn("x-cause", api.posts()[1].headers)
        self.assertEqual(api.posts()[1].body, b"id-2 2 2")

    def test_sizes_are_exact_and_escapes_are_resolved(self) -> None:
        api = self.api("1", "2")
        self.play(api, "next\nrespond-size 6291557\nnext\nrespond a\\tb\\x00\\\\\\;\\n\n")
        self.assertEqual(len(api.posts()[0].body), 6291557)
        self.assertIsInstance(json.loads(api.posts()[0].body), str)
        self.assertEqual(api.posts()[1].body, b"a\tb\0\\;\n")

    def test_chunked_bodies_keep_their_chunks_pauses_and_trailers(self) -> None:
        api = self.api("1", "2")
        begin = time.monotonic()
        self.play(api, "next\nrespond-chunked 3 10 100 streaming\nexpect 202\n"
                       "next\nrespond-chunked 1 4 0 trailers\nexpect 202\n")
        self.assertGreater(time.monotonic() - begin, 0.2)
        streamed, go_like = api.posts()
        mode = "lambda-runtime-function-response-mode"
        self.assertEqual([len(chunk) for chunk in streamed.chunks], [10, 10, 10])
        self.assertEqual(json.loads(streamed.body), "x" * 28)
        self.assertEqual(streamed.headers[mode], "streaming")
        self.assertNotIn(mode, go_like.headers)
        self.assertIn("Lambda-Runtime-Function-Error-Body", go_like.headers["trailer"])
        self.assertEqual(go_like.trailers, {"lambda-runtime-function-error-type": "",
                                            "lambda-runtime-function-error-body": ""})

    def test_a_stream_can_end_in_an_error(self) -> None:
        api = self.api("1")
        self.play(api, "next\nrespond-stream-error Function.Boom half of it\nexpect 202\n")
        post = api.posts()[0]
        self.assertEqual(post.chunks, [b"half of it"])
        self.assertEqual(post.trailers["lambda-runtime-function-error-type"], "Function.Boom")
        error = json.loads(b64decode(post.trailers["lambda-runtime-function-error-body"]))
        self.assertEqual(error["errorType"], "Function.Boom")

    def test_a_body_can_be_cut_short_and_the_next_command_reconnects(self) -> None:
        api = self.api("1", "2")
        self.play(api, "next\nrespond-truncated 100 50\nnext\n"
                       "respond-truncated 100 50 half\nexpect 400\nexpect-body Truncated\n")
        self.assertEqual([(post.truncated, len(post.body)) for post in api.posts(2)],
                         [(True, 50), (True, 50)])

    def test_a_request_can_come_byte_by_byte(self) -> None:
        api = self.api("1")
        self.play(api, "next\nrespond-bytewise 1 hello\nexpect 202\n")
        self.assertEqual(api.posts()[0].body, b"hello")
        self.assertGreater(api.posts()[0].reads, 50)

    def test_response_and_next_can_be_pipelined(self) -> None:
        api = self.api("1", "2")
        self.play(api, "next\nrespond-pipelined one\nexpect 202\n"
                       "expect-event 2\necho\nexpect 202\n")
        self.assertEqual([post.body for post in api.posts()], [b"one", b"2"])
        self.assertTrue(api.requests[2].pipelined)

    def test_any_request_can_be_made(self) -> None:
        api = self.api()
        self.play(api, "get /2018-06-01/ping\nexpect 200\nexpect-body pong\nget /nope\nexpect 404\n"
                       "post /nope x\nexpect 404\nclose\n"
                       "raw GET /2018-06-01/ping HTTP/1.1\\r\\nA: b\\r\\n\\r\\n\nexpect 200\n")
        self.assertEqual(api.requests[-1].headers, {"a": "b"})

    def test_logs_go_out_as_they_are_asked_for(self) -> None:
        out, err = self.play(self.api(), "print a b\\nc\nprint-partial d\nprint-err oh\n"
                                         "print \nprint-size 250\n")
        self.assertEqual(err, "oh\n")
        self.assertEqual(out[:8], b"a b\nc\nd\n")
        lines = out[8:].splitlines(keepends=True)
        self.assertEqual([len(line) for line in lines], [100, 100, 50])
        self.assertTrue(lines[1].startswith(b"log line 2 ."))

    def test_framed_log_events_are_whole_also_in_two_parts(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.play(self.api(), "frame ERROR hello\nframe-split INFO two\\nlines\n",
                  env={"_LAMBDA_TELEMETRY_LOG_FD": str(writer)}, pass_fds=[writer])
        os.close(writer)
        data = os.read(reader, 1000)
        kind, size, stamp = struct.unpack(">IIQ", data[:16])
        self.assertEqual((kind, size, data[16:21]), (0xA55A0017, 5, b"hello"))
        self.assertLess(abs(stamp / 1e6 - time.time()), 20)
        kind, size, _ = struct.unpack(">IIQ", data[21:37])
        self.assertEqual((kind, size, data[37:]), (0xA55A000F, 9, b"two\nlines"))
        _, err = self.play(self.api(), "frame LOUD x\n", 64)
        self.assertIn("is no level", err)

    def test_environment_pid_and_headers_can_be_asked_for(self) -> None:
        api = self.api("1", "2", "3")
        process = self.start(api, "next\ndump-env\nnext\nrespond-pid\nnext\ndump-headers\n",
                             env={"WITH": 'quote " and\ttab'})
        process.wait(timeout=20)
        environment, pid, headers = (json.loads(post.body) for post in api.posts())
        self.assertEqual(environment["WITH"], 'quote " and\ttab')
        self.assertEqual(pid, {"pid": process.pid, "count": 2})
        self.assertEqual(headers["Lambda-Runtime-Aws-Request-Id"], "id-3")

    def test_it_dies_as_told(self) -> None:
        self.play(self.api(), "exit 7\nprint no\n", 7)
        for name in ("KILL", "SIGSEGV", "ABRT", "TERM"):
            number = getattr(signal, "SIG" + name.removeprefix("SIG"))
            self.play(self.api(), "signal %s\n" % name, -number)
        process = self.start(self.api(), "print up\nhang\n")
        self.assertEqual(process.stdout.readline(), b"up\n")
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)

    def test_grandchildren_outlive_it_in_the_group_or_out_of_it(self) -> None:
        for command, keeps_stdout in (("fork-grandchild", True), ("fork-daemon", False)):
            api = self.api("1")
            process = self.start(api, "next\n%s\nrespond-pid\n" % command, start_new_session=True)
            process.wait(timeout=20)
            orphan = json.loads(api.posts()[0].body)["grandchild"]
            self.addCleanup(os.kill, orphan, signal.SIGKILL)
            self.assertEqual(os.getpgid(orphan) == process.pid, keeps_stdout)
            self.assertEqual(os.path.exists("/proc/%d/fd/1" % orphan), keeps_stdout)
            self.assertFalse(os.path.exists("/proc/%d/fd/3" % orphan))

    def test_time_and_memory_are_used_as_told(self) -> None:
        begin = time.monotonic()
        before = os.times()
        self.play(self.api(), "sleep 100ms\nbusy 200ms\nalloc 50MB\n")
        self.assertGreater(time.monotonic() - begin, 0.3)
        self.assertGreater(os.times().children_user + os.times().children_system
                           - before.children_user - before.children_system, 0.2)

    def test_files_count_starts_and_choose_what_is_played(self) -> None:
        dialogue = ("starts-in starts\non-start 1\n  print first\n  exit 1\nend\n"
                    "next\nwrite-file seen @{start}\nfile-exists seen\nnext\nfile-exists unseen\n")
        self.assertEqual(self.play(self.api(), dialogue, 1)[0], b"first\n")
        api = self.api("1", "2")
        self.assertEqual(self.play(api, dialogue)[0], b"")
        self.assertEqual([post.body for post in api.posts()], [b"true", b"false"])
        self.play(self.api(), "repeat 10\ncounter-file n\nend\n")
        for name, content in (("starts", "2"), ("seen", "2"), ("n", "10")):
            with open(os.path.join(self.directory.name, name), encoding="ascii") as file:
                self.assertEqual(file.read(), content)

    def test_it_waits_for_a_file(self) -> None:
        process = self.start(self.api(), "print up\nwait-file gate\n")
        self.assertEqual(process.stdout.readline(), b"up\n")
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
        with open(os.path.join(self.directory.name, "gate"), "wb"):
            pass
        self.assertEqual(process.wait(timeout=20), 0)

    def test_blocks_repeat_and_conditions_look_at_the_event(self) -> None:
        api = self.api("1", '{"stop":1}')
        self.play(api, "forever\nnext\nrespond-if-event stop exit 3\n"
                       "repeat 2\nrespond a\nend\nend\n", 3)
        self.assertEqual([post.body for post in api.posts()], [b"a", b"a"])

    def test_the_event_can_steer_the_runtime(self) -> None:
        api = self.api('{"x":1}', json.dumps({"a": [{"do": "no"}], "do": "print h\u00e9\\; ; "
                                              'respond {"a":"b"}'}),
                       '{"do":"print only\\u0021"}', '{"do":"wrong"}')
        out, err = self.play(api, "forever\nobey\nend\n", 64)
        self.assertEqual(out.decode(), "h\u00e9;\nonly!\n")
        self.assertIn('<event id-4>:1: unknown command "wrong"', err)
        self.assertEqual([post.body for post in api.posts()],
                         [b'{"x":1}', b'{"a":"b"}', b'{"do":"print only\\u0021"}'])

    def test_a_second_connection_can_wait_for_next_too(self) -> None:
        api = self.api("1")
        process = self.start(api, "next\nopen-second-next\nsecond-quiet 200ms\necho\n"
                                  "second-expect 200\nopen-second-next\nsecond-close\n")
        time.sleep(0.6)
        api.events.put("2")
        self.assertEqual(process.wait(timeout=20), 0, process.stderr.read())
        _, err = self.play(self.api(next_status=403), "open-second-next\nsecond-expect 200\n", 66)
        self.assertIn("should get status 200, but got 403", err)


def main() -> int:
    global RUNTIME
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        print("usage: selftest.py PATH/TO/scripted_runtime [unittest arguments]", file=sys.stderr)
        return 2
    RUNTIME = os.path.abspath(sys.argv.pop(1))
    return 0 if unittest.main(exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
