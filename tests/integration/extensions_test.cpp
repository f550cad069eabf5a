// Extensions as real processes beside a real runtime, on the host and (ctest: strict.) in the
// sandbox. They are small programs in Python, which tell what they see in the log.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* k_python = "/usr/bin/python3";

// Tells, in lines that begin with its name, of its start and of each event.
constexpr const char* k_agent = R"(#!/usr/bin/python3 -SB
import errno, http.client, json, os, subprocess, sys, time
name = os.path.basename(sys.argv[0])
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
identity = {}

def tell(**facts):
    print(name, json.dumps(facts), flush=True)

def call(method, path, body=None, **headers):
    api.request(method, "/2020-01-01/extension/" + path, body and json.dumps(body),
                {**identity, **{key.replace("_", "-"): text for key, text in headers.items()}})
    reply = api.getresponse()
    return reply, reply.read()

def try_to_write(path):
    try:
        open(path, "w")
        return "written"
    except OSError as error:
        return errno.errorcode[error.errno]

reply, _ = call("POST", "register", {"events": ["INVOKE", "SHUTDOWN"]},
                Lambda_Extension_Name=name)
identity["Lambda-Extension-Identifier"] = reply.getheader("Lambda-Extension-Identifier")
tell(start=reply.status, names=sorted(os.environ), place=os.path.abspath(sys.argv[0]),
     user=os.getuid(), inside=try_to_write(os.path.join(os.path.dirname(sys.argv[0]), "x")))
while True:
    _, body = call("GET", "event/next")
    event = json.loads(body)
    tell(event=event, pids=[int(word) for word in os.listdir("/proc") if word.isdigit()])
    if event["eventType"] == "SHUTDOWN":
        ON_SHUTDOWN
)";

class Extensions : public ChildFixture {
 protected:
  void SetUp() override {
    ChildFixture::SetUp();
    if (IsSkipped()) return;
    if (::access(k_python, X_OK) != 0) GTEST_SKIP() << "needs " << k_python;
    play(k_obey);
    function.extensions = directory.path() + "/opt/extensions";
    std::filesystem::create_directories(function.extensions);
  }
  void write_extension(const std::string& name, const std::string& text) const {
    directory.write("opt/extensions/" + name, text, 0755);
  }
  // `on_shutdown`: a statement.
  void add(const std::string& name, const std::string& on_shutdown = "break") {
    std::string text = k_agent;
    const std::string place = "ON_SHUTDOWN";
    text.replace(text.find(place), place.size(), on_shutdown);
    write_extension(name, text);
  }
  // What it has told so far.
  std::vector<json> told(const std::string& name) const {
    std::vector<json> out;
    for (const auto& line : log.lines_starting(name + " "))
      out.push_back(json::parse(line.substr(name.size() + 1)));
    return out;
  }
  json event(const std::string& name, std::size_t index) {
    wait_for(
        *this, [&] { return told(name).size() > index; }, "a word of " + name);
    return told(name)[index];
  }
  bool strict() const { return options.sandbox == SandboxChoice::strict; }
};

TEST_F(Extensions, StartBeforeTheRuntimeAndHearOfInvokeAndShutdown) {
  add("agent");
  start();
  const auto answer = obey("respond-pid");
  EXPECT_FALSE(answer.has("X-Amz-Function-Error")) << answer.body;
  EXPECT_EQ(event("agent", 0)["start"], 200);
  const auto invoke = event("agent", 1);
  EXPECT_EQ(invoke["event"]["requestId"], answer.header("x-amzn-RequestId"));
  const auto pids = invoke["pids"].get<std::vector<int>>();
  EXPECT_TRUE(std::count(pids.begin(), pids.end(), json::parse(answer.body)["pid"].get<int>()))
      << "it sees the runtime's process";
  const auto second = obey("respond-pid");
  EXPECT_EQ(event("agent", 2)["event"]["requestId"], second.header("x-amzn-RequestId"));
  stop();
  const auto last = told("agent").back();
  EXPECT_EQ(last["event"]["shutdownReason"], "spindown");
  EXPECT_EQ(log.count("REPORT "), 2);
  EXPECT_EQ(
      log.lines_starting("EXTENSION"),
      std::vector<std::string>{"EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]"});
}

TEST_F(Extensions, SeeWhatIsTheirs) {
  add("agent");
  start();
  obey("respond-pid");
  const auto facts = event("agent", 0);
  const auto names = facts["names"].get<std::vector<std::string>>();
  for (const char* name : {"_HANDLER", "LAMBDA_TASK_ROOT", "AWS_LAMBDA_LOG_STREAM_NAME"})
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 0) << name;
  EXPECT_EQ(std::count(names.begin(), names.end(), "AWS_LAMBDA_FUNCTION_NAME"), 1);
  if (!strict()) {
    EXPECT_EQ(facts["place"], directory.path() + "/opt/extensions/agent");
    return;
  }
  EXPECT_EQ(facts["place"], "/opt/extensions/agent");
  EXPECT_EQ(facts["user"], 993);
  EXPECT_EQ(facts["inside"], "EROFS");
}

TEST_F(Extensions, MayBeSeveral) {
  add("agent");
  add("other");
  add("third");
  start();
  const auto id = obey("respond-pid").header("x-amzn-RequestId");
  for (const char* name : {"agent", "other", "third"})
    EXPECT_EQ(event(name, 1)["event"]["requestId"], id);
  stop();
  for (const char* name : {"agent", "other", "third"})
    EXPECT_EQ(told(name).back()["event"]["eventType"], "SHUTDOWN") << name;
}

TEST_F(Extensions, ThatIgnoreTheirEndAreKilledAfterTwoSeconds) {
  add("agent", "time.sleep(1000)");
  start();
  obey("respond-pid");
  const auto before = std::chrono::steady_clock::now();
  stop();
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_EQ(told("agent").back()["event"]["eventType"], "SHUTDOWN");
  EXPECT_GE(took, 2s);
  EXPECT_LT(took, 30s);
}

TEST_F(Extensions, LeaveNobodyBehindWhoHasLeftTheirGroup) {
  if (strict()) GTEST_SKIP() << "looks at processes of the host; the sandbox ends with its init";
  add("agent",
      "print('stray', subprocess.Popen(['/bin/sleep', '1000'], start_new_session=True).pid, "
      "flush=True); break");
  start();
  obey("respond-pid");
  stop();
  const auto lines = log.lines_starting("stray ");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_FALSE(is_alive(std::stoi(lines[0].substr(6))));
}

TEST_F(Extensions, StartAgainWithTheRuntimeAfterAReset) {
  add("agent");
  start();
  obey("respond-pid");
  const auto answer = obey("exit 3");
  EXPECT_NE(answer.body.find("exit status 3"), std::string::npos);
  const auto second = obey("respond-pid");
  EXPECT_FALSE(second.has("X-Amz-Function-Error")) << second.body;
  bool failure_told = false;
  int starts = 0;
  for (const auto& one : told("agent")) {
    starts += one.contains("start") ? 1 : 0;
    failure_told = failure_told ||
                   (one.contains("event") && one["event"].value("shutdownReason", "") == "failure");
  }
  EXPECT_EQ(starts, 2);
  EXPECT_TRUE(failure_told);
}

TEST_F(Extensions, ThatCannotBeRunFailTheInit) {
  write_extension("agent", "#!/no/such/interpreter\n");
  start();
  const auto answer = invoke("{}");
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_NE(answer.body.find("Extension.LaunchError"), std::string::npos) << answer.body;
}

TEST_F(Extensions, ThatCrashInAnInvokeFailIt) {
  write_extension("agent", std::string(k_agent).replace(std::string(k_agent).find("    if event"),
                                                        std::string::npos, "    sys.exit(9)\n"));
  start();
  const auto answer = obey("sleep 30s");
  EXPECT_NE(answer.body.find(R"("errorType":"Extension.Crash")"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("exit status 9"), std::string::npos) << answer.body;
}

// A runtime with an extension inside, which tells of SIGTERM and goes on.
constexpr const char* k_inside = R"(
import http.client, os, signal, threading
signal.signal(signal.SIGTERM, lambda number, frame: print("term seen", flush=True))
where = os.environ["AWS_LAMBDA_RUNTIME_API"]
own = http.client.HTTPConnection(where)
own.request("POST", "/2020-01-01/extension/register", "{}", {"Lambda-Extension-Name": "inside"})
reply = own.getresponse()
reply.read()
who = {"Lambda-Extension-Identifier": reply.getheader("Lambda-Extension-Identifier")}

def wait():
    own.request("GET", "/2020-01-01/extension/event/next", headers=who)
    own.getresponse()

threading.Thread(target=wait, daemon=True).start()
api = http.client.HTTPConnection(where)
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse()
    reply.read()
    number = reply.getheader("Lambda-Runtime-Aws-Request-Id")
    api.request("POST", f"/2018-06-01/runtime/invocation/{number}/response", "1")
    api.getresponse().read()
)";

// Conformance 36 with a real process.
TEST_F(Extensions, InsideTheRuntimeGetItSigtermAndHalfASecond) {
  function.entry_point = {k_python, "-S", "-B", "-c", k_inside};
  function.command.clear();
  start();
  EXPECT_EQ(invoke("{}").body, "1");
  const auto before = std::chrono::steady_clock::now();
  stop();
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_EQ(log.count("term seen"), 1);
  EXPECT_GE(took, 500ms);
  EXPECT_LT(took, 20s);
}

// It listens where its own network has loopback, and tells what it was sent.
constexpr const char* k_listener = R"(#!/usr/bin/python3 -SB
import http.client, http.server, json, os, socket, threading

class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        for event in events:
            print("listener", json.dumps(event), flush=True)
    def log_message(self, *words):
        pass

place = "sandbox.localdomain" if os.path.exists("/opt/extensions/listener") else "127.0.0.1"
server = http.server.HTTPServer((place, 0), Sink)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def call(method, path, body=None, **headers):
    api.request(method, path, body and json.dumps(body),
                {key.replace("_", "-"): text for key, text in headers.items()})
    reply = api.getresponse()
    reply.body = reply.read()
    return reply

who = call("POST", "/2020-01-01/extension/register", {"events": ["SHUTDOWN"]},
           Lambda_Extension_Name="listener").getheader("Lambda-Extension-Identifier")
call("PUT", "/2022-07-01/telemetry",
     {"schemaVersion": "2022-12-13", "types": ["platform", "function"],
      "buffering": {"timeoutMs": 25},
      "destination": {"protocol": "HTTP",
                      "URI": f"http://sandbox.localdomain:{server.server_port}/"}},
     Lambda_Extension_Identifier=who)
call("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=who)
)";

TEST_F(Extensions, AreSentTelemetryInTheirOwnNetwork) {
  write_extension("listener", k_listener);
  start();
  const auto id = obey("print a-line; respond-pid").header("x-amzn-RequestId");
  wait_for(
      *this,
      [&] {
        const auto all = told("listener");
        return std::any_of(all.begin(), all.end(),
                           [](const json& one) { return one["type"] == "platform.report"; });
      },
      "the report");
  std::vector<std::string> types;
  for (const auto& one : told("listener")) {
    types.push_back(one["type"]);
    if (types.back() == "platform.start" || types.back() == "platform.report") {
      EXPECT_EQ(one["record"]["requestId"], id);
    }
    if (types.back() == "function") {
      EXPECT_EQ(one["record"], "a-line");
    }
  }
  EXPECT_EQ(types, (std::vector<std::string>{"platform.initStart", "platform.telemetrySubscription",
                                             "platform.extension", "platform.initRuntimeDone",
                                             "platform.initReport", "platform.start", "function",
                                             "platform.runtimeDone", "platform.report"}));
}

}  // namespace
}  // namespace coldframe::testing
