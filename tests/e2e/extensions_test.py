"""coldframe with extensions: found by function.json, started, told, ended, and left out by a flag."""
import unittest

from e2e_image import File, program_files, scripted_image
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


# For an image without Python.
BASH_AGENT = r"""#!/bin/bash
exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API#*:}"
body='{"events":["SHUTDOWN"]}'
printf 'POST /2020-01-01/extension/register HTTP/1.1\r\nHost: x\r\n' >&3
printf 'Lambda-Extension-Name: agent\r\nContent-Length: %d\r\n\r\n%s' ${#body} "$body" >&3
while read -r line <&3; do
  line=${line%$'\r'}
  case $line in
    Lambda-Extension-Identifier:*) id=${line#*: } ;;
    "") break ;;
  esac
done
read -r line <&3
echo "agent $0 $(</etc/hosts)"
printf 'GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: x\r\n' >&3
printf 'Lambda-Extension-Identifier: %s\r\n\r\n' "$id" >&3
read -r line <&3
echo "agent ends"
"""


class OfAnImage(E2eTest):
    SANDBOX = None

    def setUp(self):
        super().setUp()
        self.env["COLDFRAME_STORE"] = str(self.place / "store")

    def image(self, **more):
        files = {**program_files("/bin/bash"),
                 "opt/extensions/agent": File(BASH_AGENT.encode(), 0o755),
                 "opt/extensions/readme": "", **more}
        return scripted_image().layer(files).write_archive(self.place / "i.tar")

    def test_what_it_has_in_opt_extensions_is_started(self):
        done = self.coldframe("invoke", self.image(), "--event", "[1]", "--memory", 256)
        self.assert_exit(done, 0)
        self.assertIn("agent /opt/extensions/agent 127.0.0.1\tlocalhost\n"
                      "127.0.0.1\tsandbox.localdomain sandbox\n", done.err)
        self.assertIn("\nagent ends\n", done.err)

    def test_its_file_that_disables_them_is_obeyed(self):
        image = self.image(**{"opt/disable-extensions-jwigqn8j": ""})
        done = self.coldframe("invoke", image, "--event", "[1]", "--memory", 256)
        self.assert_exit(done, 0)
        self.assertNotIn("agent", done.err)


if __name__ == "__main__":
    unittest.main()
