"""coldframe with extensions: found by function.json, started, told, ended, and left out by a flag."""
import unittest

from e2e_support import E2eTest, write_script

AGENT = """#!/usr/bin/python3 -SB
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, **headers):
    api.request(method, "/2020-01-01/extension/" + path, body, headers)
    reply = api.getresponse()
    return reply, reply.read()
who, _ = call("POST", "register", '{"events":["INVOKE","SHUTDOWN"]}',
              **{"Lambda-Extension-Name": "agent"})
who = {"Lambda-Extension-Identifier": who.getheader("Lambda-Extension-Identifier")}
while True:
    event = json.loads(call("GET", "event/next", **who)[1])
    print("agent", event["eventType"], event.get("shutdownReason", ""), flush=True)
    if event["eventType"] == "SHUTDOWN":
        break
"""


class Extensions(E2eTest):
    def with_agent(self, name="f"):
        directory = self.function(name=name, Coldframe={"Extensions": "opt/extensions"})
        (directory / "opt/extensions").mkdir(parents=True)
        write_script(directory / "opt/extensions/agent", AGENT)
        return directory

    def test_an_extension_sees_each_invoke_and_the_end(self):
        for sandbox in ("none", "auto"):
            with self.subTest(sandbox):
                done = self.coldframe("invoke", self.with_agent(sandbox), "--repeat", "2",
                                      "--sandbox", sandbox)
                self.assert_exit(done, 0)
                told = [line for line in done.err.splitlines() if line.startswith("agent ")]
                self.assertEqual(told, ["agent INVOKE ", "agent INVOKE ",
                                        "agent SHUTDOWN spindown"])
                self.assertIn("EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]\n",
                              done.err)

    def test_a_flag_leaves_them_out(self):
        done = self.coldframe("invoke", self.with_agent(), "--no-extensions")
        self.assert_exit(done, 0)
        self.assertNotIn("agent", done.err)

    def test_one_that_crashes_is_named(self):
        directory = self.function(Coldframe={"Extensions": "opt/extensions"})
        (directory / "opt/extensions").mkdir(parents=True)
        write_script(directory / "opt/extensions/agent", "#!/bin/sh\nexit 3\n")
        done = self.coldframe("invoke", directory)
        self.assert_exit(done, 3)
        self.assertIn("Extension.Crash", done.err)


if __name__ == "__main__":
    unittest.main()
