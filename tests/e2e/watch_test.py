"""coldframe serve --watch: edited files are answered by a cold start; what runs ends on the old code."""
import json
import time
import unittest

from e2e_serve import Call, Serve
from e2e_support import SOURCE, E2eTest, is_alive, wait_until

PYTHON = SOURCE / "function/scoring/.venv/bin/python"


def answers(value: object) -> str:
    return f"forever\n  next\n  respond {json.dumps(value)}\nend\n"


class Watch(E2eTest):
    def serve(self, *targets: object, options: tuple = (), **more) -> Serve:
        return Serve(self, *targets, options=["--watch", *options], **more)

    def changes(self, server: Serve) -> int:
        return server.log().count("is a cold start")

    def edit(self, server: Serve, path, text: str) -> None:
        """Writes it, and waits until serve has said so."""
        before = self.changes(server)
        path.write_text(text)
        wait_until("the change is seen", lambda: self.changes(server) > before)

    def test_an_edited_file_is_answered_by_a_cold_start_with_the_new_one(self):
        function = self.function(answers("old"))
        with self.serve(function) as server:
            self.assertEqual(server.invoke({}).json(), "old")
            self.assertEqual(server.invoke({}).json(), "old")
            self.edit(server, function / "dialogue.txt", answers("new"))
            self.assertEqual(server.invoke({}).json(), "new")
            self.assertEqual(server.invoke({}).json(), "new")
            wait_until("all is logged", lambda: server.log().count("REPORT") == 4)
            self.assertEqual(server.log().count("Init Duration"), 2, server.log())
            self.assertIn(f"{function}/dialogue.txt changed", server.log())

    def test_the_old_environment_ends(self):
        function = self.function()
        with self.serve(function) as server:
            old = server.invoke({"do": "respond-pid"}).json()["pid"]
            self.edit(server, function / "dialogue.txt", answers("new"))
            wait_until("it has ended", lambda: not is_alive(old))

    def test_an_invoke_that_is_running_ends_on_the_old_code(self):
        function = self.function()
        with self.serve(function) as server:
            call = Call(server, {"do": "sleep 3s; respond \"old\""})
            wait_until("it runs", lambda: "START" in server.log())
            (old,) = server.runtimes()
            self.edit(server, function / "dialogue.txt", answers("new"))
            self.assertEqual(server.invoke({}).json(), "new")
            self.assertTrue(is_alive(old), "the first is still at it")
            self.assertEqual(call.result().json(), "old")
            wait_until("the old one has ended", lambda: not is_alive(old))
            self.assertEqual(len(server.runtimes()), 1)

    def test_the_end_in_the_middle_of_an_old_invoke_leaves_nothing(self):
        function = self.function()
        with self.serve(function) as server:
            call = Call(server, {"do": "sleep 60s"})
            wait_until("it runs", lambda: "START" in server.log())
            self.edit(server, function / "dialogue.txt", answers("new"))
            server.invoke({})
        self.assertEqual(call.result().status, 500)

    def test_new_settings_hold_and_a_file_that_is_broken_for_a_moment_does_no_harm(self):
        function = self.function('forever\n  next\n  respond "@{env:COLOUR}"\nend\n',
                                 Environment={"Variables": {"COLOUR": "red"}})
        file = function / "function.json"
        keys = json.loads(file.read_text())
        with self.serve(function) as server:
            self.assertEqual(server.invoke({}).json(), "red")
            file.write_text("{")
            wait_until("it is refused", lambda: "runs on as it was" in server.log())
            self.assertEqual(server.invoke({}).json(), "red")
            keys["Environment"]["Variables"]["COLOUR"] = "blue"
            keys["FunctionName"] = "other"
            self.edit(server, file, json.dumps(keys))
            self.assertEqual(server.invoke({}, "f").json(), "blue")
            self.assertIn("keeps its name", server.log())

    def test_provisioned_environments_are_renewed_ahead_of_the_next_invoke(self):
        function = self.function("print started\n" + answers("x"))
        with self.serve(function, options=("--provisioned", 2)) as server:
            wait_until("two have started", lambda: server.log().count("started\n") == 2)
            self.edit(server, function / "dialogue.txt", "print started\n" + answers("y"))
            wait_until("two more have started", lambda: server.log().count("started\n") == 4)
            self.assertEqual(server.invoke({}).json(), "y")

    def test_of_several_functions_only_the_edited_one_starts_again(self):
        for name in "one", "two":
            self.function(name=name)
        with self.serve("one", "two") as server:
            pids = {name: server.invoke({"do": "respond-pid"}, name).json()["pid"]
                    for name in ("one", "two")}
            self.edit(server, self.place / "one/extra.txt", "x")
            after = {name: server.invoke({"do": "respond-pid"}, name).json()["pid"]
                     for name in ("one", "two")}
            self.assertNotEqual(after["one"], pids["one"])
            self.assertEqual(after["two"], pids["two"])

    def test_without_watch_nothing_is_started_again(self):
        function = self.function(answers("old"))
        with Serve(self, function) as server:
            self.assertEqual(server.invoke({}).json(), "old")
            (function / "dialogue.txt").write_text(answers("new"))
            time.sleep(0.5)
            self.assertEqual(server.invoke({}).json(), "old")

    def test_a_python_handler_is_edited_and_its_caches_change_nothing(self):
        function = self.function(ImageConfig={
            "EntryPoint": [str(PYTHON), "-m", "awslambdaric"], "Command": ["app.handler"]})
        (function / "dialogue.txt").unlink()
        handler = "import helper\ndef handler(event, context):\n    return helper.VALUE\n"
        (function / "app.py").write_text(handler)
        (function / "helper.py").write_text("VALUE = 1\n")
        with self.serve(function) as server:
            self.assertEqual(server.invoke({}).json(), 1)
            self.assertEqual(server.invoke({}).json(), 1)
            time.sleep(0.5)
            self.assertEqual(self.changes(server), 0, "__pycache__ is nobody's edit")
            self.edit(server, function / "helper.py", "VALUE = 20\n")
            self.assertEqual(server.invoke({}).json(), 20)


if __name__ == "__main__":
    unittest.main(verbosity=2)
