// Real children in the strict sandbox whose events say what to try: a small runtime in Python,
// which needs nothing but the interpreter.
//
//   start_strict(NetworkMode::none);
//   try_out({{"connect", {"192.0.2.1", 443}}})["connect"]        // "ETIMEDOUT", "connected"
//
// Skips where the host has no strict sandbox or no Python, and says so. Keys of an event: connect
// [address, port] (for `patience` seconds), resolve name, read path, write path, mkdir path, send
// [address, port, request] (the first line of the answer), change [function of os, argument, …],
// hang seconds.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "emulator/sandbox/sandbox_server.hpp"
#include "tests/support/child_fixture.hpp"
#include "tests/support/sandbox_fixture.hpp"

namespace coldframe::testing {

using Json = nlohmann::ordered_json;

inline constexpr const char* k_trying_runtime = R"(
import errno, http.client, json, os, socket, time

def name_of(error):
    return errno.errorcode.get(error.errno, type(error).__name__)

def connected(place, patience):
    link = socket.socket()
    link.settimeout(patience)
    link.connect(tuple(place))
    return link

def connect(event):
    connected(event["connect"], event.get("patience"))
    return "connected"

def send(event):
    *place, request = event["send"]
    link = connected(place, 10)
    link.sendall(request.encode())
    return link.recv(4096).decode().split("\r\n")[0]

def resolve(event):
    return socket.gethostbyname(event["resolve"])

def read(event):
    with open(event["read"]) as file:
        return file.read()

def write(event):
    with open(event["write"], "w"):
        return "written"

def mkdir(event):
    os.mkdir(event["mkdir"])
    return "made"

def change(event):
    what, *paths = event["change"]
    getattr(os, what)(*paths)
    return "changed"

def hang(event):
    time.sleep(event["hang"])
    return "woke up"

known = dict(connect=connect, send=send, resolve=resolve, read=read, write=write, mkdir=mkdir,
             change=change, hang=hang)
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse()
    event, number = json.loads(reply.read()), reply.getheader("Lambda-Runtime-Aws-Request-Id")
    answer = {}
    for key in event:
        if key not in known:
            continue
        try:
            answer[key] = known[key](event)
        except OSError as error:
            answer[key] = name_of(error)
    api.request("POST", f"/2018-06-01/runtime/invocation/{number}/response", json.dumps(answer))
    api.getresponse().read()
)";

inline bool tun_is_allowed() {
  return static_cast<bool>(UniqueFd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC)));
}

class PythonFixture : public ChildFixture {
 protected:
  static constexpr const char* k_python = "/usr/bin/python3";

  void SetUp() override {
    if (::access(k_python, X_OK) != 0) GTEST_SKIP() << "needs " << k_python;
    auto server = SandboxServer::start(directory.path());
    if (!server) GTEST_SKIP() << server.error().message;
    options.sandbox = SandboxChoice::strict;
    function = trying("f");
  }
  FunctionConfig trying(const std::string& name) {
    FunctionConfig config = function;
    config.name = name;
    config.entry_point = {k_python, "-S", "-B", "-c", k_trying_runtime};
    config.command.clear();
    return config;
  }
  void start_strict(NetworkMode network, std::vector<FunctionConfig> more = {}) {
    options.network = network;
    start(std::move(more));
  }
  // What became of each key.
  Json try_out(const Json& event) {
    const auto answer = invoke(event.dump());
    EXPECT_FALSE(answer.has("X-Amz-Function-Error")) << answer.body;
    return Json::parse(answer.body, nullptr, false);
  }
  std::string closing_text(bool ended_well = true) {
    stop();
    std::string all;
    for (const auto& note : emulator().closing_notes(ended_well))
      all += note + "\n";
    return all;
  }
};

}  // namespace coldframe::testing
