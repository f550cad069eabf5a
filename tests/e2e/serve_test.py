"""coldframe serve: when it is ready, whom it serves, how many at once, and what it says."""
import json
import socket
import subprocess
import time
import unittest

from e2e_serve import Call, Serve, free_port
from e2e_support import SCRIPTED, E2eTest, code_of, is_alive, wait_until


class Ready(E2eTest):
    def test_the_ready_file_is_there_only_when_the_port_accepts(self):
        for round in range(10):
            server = Serve(self, "f" if round else self.function(), name=f"r{round}", wait=False)
            wait_until("the ready file is written", lambda: server.ready_file.exists())
            text = server.ready_file.read_text()
            self.assertRegex(text, r"^http://127\.0\.0\.1:\d+\n$")
            port = int(text.rsplit(":", 1)[1])
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            self.assertEqual(server.end(), 143)
            self.assertFalse(server.ready_file.exists(), "it is gone at the end")

    def test_a_stale_ready_file_is_removed_before_the_port_is_open(self):
        stale = self.place / "serve.ready"
        stale.write_text("http://127.0.0.1:1\n")
        port = free_port()
        server = Serve(self, self.function(), port=port, wait=False)
        wait_until("the new one is written", lambda: stale.exists()
                   and stale.read_text() == f"http://127.0.0.1:{port}\n")
        self.assertEqual(server.end(), 143)

    def test_the_ready_file_is_written_whole_in_its_place_and_nothing_lies_beside_it(self):
        with Serve(self, self.function()) as server:
            names = sorted(path.name for path in self.place.iterdir())
            self.assertEqual(names, ["f", "serve.err", "serve.out", "serve.ready", "state", "temp"])
            self.assertEqual(server.ready_file.read_text().count("\n"), 1)

    def test_a_second_server_leaves_the_ready_file_of_a_living_one_alone(self):
        with Serve(self, self.function()) as server:
            text = server.ready_file.read_text()
            done = self.coldframe("serve", "f", "--port", server.port, "--ready-file",
                                  server.ready_file)
            self.assert_exit(done, 4)
            self.assertIn("in use", done.err)
            self.assertEqual(server.ready_file.read_text(), text, "its port accepts")

    def test_a_ready_file_that_names_its_host_is_left_alone_like_any_other(self):
        with Serve(self, self.function(), options=["--host", "localhost"]) as server:
            text = server.ready_file.read_text()
            self.assertIn("//localhost:", text)
            done = self.coldframe("serve", "f", "--host", "localhost", "--port", server.port,
                                  "--ready-file", server.ready_file)
            self.assert_exit(done, 4)
            self.assertEqual(server.ready_file.read_text(), text, "its port accepts")

    def test_a_server_does_not_remove_the_ready_file_that_another_has_taken_over(self):
        first = Serve(self, self.function())
        text = first.ready_file.read_text()
        second = self.start("serve", "f", "--port", 0, "--ready-file", first.ready_file,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("the second has written", lambda: first.ready_file.read_text() != text)
        self.assertEqual(first.end(), 143)
        self.assertTrue(first.ready_file.exists(), "the second still accepts")
        second.terminate()
        self.assertEqual(code_of(second), 143)
        self.assertFalse(first.ready_file.exists())

    def test_port_0_picks_a_free_port_and_prints_it_on_stdout(self):
        with Serve(self, self.function()) as one, Serve(self, "f", name="two") as two:
            self.assertNotEqual(one.port, two.port)
            for server in one, two:
                wait_until("the address is printed", lambda: server.out().endswith("\n"))
                self.assertEqual(server.out(), f"http://127.0.0.1:{server.port}\n")
                self.assertEqual(server.invoke(7).body, b"7")

    def test_the_port_asked_for_is_the_port_that_is_used(self):
        port = free_port()
        with Serve(self, self.function(), port=port) as server:
            self.assertEqual(server.port, port)

    def test_the_port_is_free_again_after_the_end_and_can_be_taken_at_once(self):
        port = free_port()
        self.function()
        for round in range(3):
            with Serve(self, "f", port=port, name=f"r{round}") as server:
                self.assertEqual(server.invoke({}).status, 200)

    def test_an_ipv6_address_can_be_served(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        with Serve(self, self.function(), options=["--host", "::1"]) as server:
            self.assertRegex(server.ready_file.read_text(), r"^http://\[::1\]:\d+\n$")
            self.assertEqual(server.invoke([1]).body, b"[1]")


class Callers(E2eTest):
    def test_healthz_and_the_root_answer_without_ever_invoking(self):
        with Serve(self, self.function()) as server:
            for path in ("/healthz", "/"):
                for method in ("GET", "HEAD"):
                    answer = server.request(method, path)
                    self.assertEqual(answer.status, 200, path)
                refused = server.request("POST", path, b"{}")
                self.assertEqual((refused.status, refused.headers["Allow"]), (405, "GET, HEAD"))
            self.assertEqual(server.runtimes(), [])
            self.assertNotIn("START", server.log())

    def test_a_get_on_the_invoke_path_never_reaches_the_function(self):
        with Serve(self, self.function()) as server:
            for method in ("GET", "PUT", "DELETE", "HEAD"):
                answer = server.request(method, "/2015-03-31/functions/f/invocations")
                self.assertEqual(answer.status, 405, method)
            self.assertEqual(server.request("POST", "/2015-03-31/functions/f").status, 404)
            self.assertEqual(server.runtimes(), [])

    def test_several_functions_answer_to_their_own_names_only(self):
        targets = [self.function(f'forever\n  next\n  respond "{name}"\nend\n', name)
                   for name in ("one", "two", "three")]
        with Serve(self, *targets) as server:
            for name in ("three", "one", "two", "one"):
                self.assertEqual(server.invoke({}, name).json(), name)
            for name in ("function", "four"):
                answer = server.invoke({}, name)
                self.assertEqual(answer.status, 404)
                self.assertEqual(answer.headers["x-amzn-ErrorType"], "ResourceNotFoundException")

    def test_a_single_function_answers_to_its_name_and_to_function(self):
        with Serve(self, self.function()) as server:
            self.assertEqual(server.invoke([1], "f").body, b"[1]")
            self.assertEqual(server.invoke([2], "function").body, b"[2]")
            self.assertEqual(server.invoke([3], "other").status, 404)

    def test_a_command_after_two_dashes_can_be_served(self):
        self.function()
        dialogue = self.place / "f/dialogue.txt"
        with Serve(self, options=["--name", "g", "--", SCRIPTED, dialogue]) as server:
            self.assertEqual(server.invoke([1], "g").body, b"[1]")
            self.assertEqual(server.invoke([1], "function").body, b"[1]")

    def test_one_caller_more_than_the_concurrency_gets_429(self):
        function = self.function(Timeout=60)
        with Serve(self, function, options=["--concurrency", 2]) as server:
            gate = self.place / "gate"
            calls = [Call(server, {"do": f"wait-file {gate}; respond 1"}) for _ in range(2)]
            wait_until("both are being served", lambda: server.log().count("START") == 2)
            answer = server.invoke({})
            self.assertEqual(answer.status, 429)
            self.assertEqual(answer.headers["x-amzn-ErrorType"], "TooManyRequestsException")
            self.assertTrue(answer.headers["Retry-After"])
            self.assertEqual(answer.json()["Reason"], "ConcurrentInvocationLimitExceeded")
            gate.touch()
            self.assertEqual([call.result().body for call in calls], [b"1", b"1"])
            self.assertEqual(server.invoke([2]).body, b"[2]")

    def test_the_concurrency_is_ten_unless_told(self):
        with Serve(self, self.function(Timeout=60)) as server:
            gate = self.place / "gate"
            calls = [Call(server, {"do": f"wait-file {gate}; respond 1"}) for _ in range(10)]
            wait_until("ten are being served", lambda: server.log().count("START") == 10)
            self.assertEqual(server.invoke({}).status, 429)
            gate.touch()
            self.assertEqual({call.result().status for call in calls}, {200})
            self.assertEqual(len(server.runtimes()), 10)

    def test_a_caller_right_after_a_death_is_served_and_not_throttled(self):
        with Serve(self, self.function(), options=["--concurrency", 1]) as server:
            for round in range(5):
                died = server.invoke({"do": "exit 1"})
                self.assertEqual(died.headers["X-Amz-Function-Error"], "Unhandled")
                self.assertEqual(server.invoke([round]).json(), [round])


class Environments(E2eTest):
    def test_provisioned_environments_are_started_ahead_and_serve_warm(self):
        with Serve(self, self.function("print started\nforever\n  obey\nend\n"),
                   options=["--provisioned", 3]) as server:
            wait_until("three have started", lambda: server.log().count("started\n") == 3)
            pids = set(server.runtimes())
            self.assertEqual(len(pids), 3)
            self.assertNotIn("START", server.log())
            calls = [Call(server, {"do": "sleep 300ms; respond-pid"}) for _ in range(3)]
            self.assertEqual({call.result().json()["pid"] for call in calls}, pids)

    def test_an_idle_environment_ends_after_its_time_in_scaled_seconds(self):
        options = ["--idle-timeout", "60s", "--time-scale", 60]
        with Serve(self, self.function(), options=options) as server:
            first = server.invoke({"do": "respond-pid"}).json()["pid"]
            began = time.monotonic()
            wait_until("it has ended", lambda: not is_alive(first))
            self.assertGreater(time.monotonic() - began, 0.8)
            answer = server.invoke({"do": "respond-pid"}).json()
            self.assertNotEqual(answer["pid"], first)
            self.assertEqual(answer["count"], 1)
            wait_until("both cold starts are reported",
                       lambda: server.log().count("Init Duration") == 2)

    def test_an_environment_that_is_used_in_time_stays(self):
        options = ["--idle-timeout", "2s"]
        with Serve(self, self.function(), options=options) as server:
            pids = set()
            for _ in range(12):
                pids.add(server.invoke({"do": "respond-pid"}).json()["pid"])
                time.sleep(0.2)
            self.assertEqual(len(pids), 1)

    def test_the_most_recently_used_environment_is_taken_first(self):
        with Serve(self, self.function(), options=["--concurrency", 3]) as server:
            calls = [Call(server, {"do": f"sleep {time}ms; respond-pid"})
                     for time in (400, 800, 1200)]
            pids = [call.result().json()["pid"] for call in calls]
            self.assertEqual(len(set(pids)), 3)
            for _ in range(5):
                time.sleep(0.1)  # the runtime is back for its next event
                self.assertEqual(server.invoke({"do": "respond-pid"}).json()["pid"], pids[2])


class Logs(E2eTest):
    def test_json_logs_parse_line_by_line(self):
        dialogue = 'print {"level":"INFO","message":"loading"}\nforever\n  obey\nend\n'
        with Serve(self, self.function(dialogue), options=["--log-format", "json"]) as server:
            server.invoke({"do": 'print {"level":"WARN","message":"m"}; print-err plain text; '
                                 "respond 1"})
            server.invoke({"do": "exit 1"})
            server.invoke({"do": "error - {}"})
            wait_until("all is logged", lambda: server.log().count('"platform.report"') == 3)
            lines = [line for line in server.log().splitlines()
                     if not line.startswith("coldframe: note: ")]
            lines.remove("plain text")  # the function's own words stay as they are
            events = [json.loads(line) for line in lines]
            platform = [event for event in events if "type" in event]
            for event in platform:
                self.assertEqual(set(event), {"time", "type", "record"}, event)
                self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            kinds = [event["type"] for event in platform]
            self.assertEqual(kinds.count("platform.start"), 3, kinds)
            self.assertEqual([event["message"] for event in events if "message" in event],
                             ["loading", "m", "loading"])
            self.assertNotRegex(server.log(), "(?m)^(START|END|REPORT)")

    def test_lines_of_parallel_environments_are_never_torn(self):
        do = "print " + "x" * 300 + "; print-err " + "y" * 300 + "; respond 1"
        with Serve(self, self.function(), options=["--concurrency", 8]) as server:
            for _ in range(10):
                calls = [Call(server, {"do": do}) for _ in range(8)]
                self.assertEqual({call.result().status for call in calls}, {200})
            wait_until("all is logged", lambda: server.log().count("REPORT") == 80)
            lines = server.log().splitlines()
            self.assertEqual(lines.count("x" * 300), 80)
            self.assertEqual(lines.count("y" * 300), 80)


if __name__ == "__main__":
    unittest.main(verbosity=2)
