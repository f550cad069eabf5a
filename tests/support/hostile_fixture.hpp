// Two functions in strict sandboxes, f and g, that run the Python of their events: f attacks, g is
// the neighbour to whom nothing may happen.
//
//   start_hostile();
//   EXPECT_EQ(attack("answer = refused(os.kill, 1, 9)"), "EPERM");
//   expect_all_well();
//
// What the code leaves in `answer` is the function's answer; it stays alive from invoke to invoke.
// At its hand: os, errno, ctypes, http.client, libc, and refused(function, arguments…), the name of
// the error that it meets, "" if it meets none; call(number, arguments…), a system call, likewise.
// Skips where the host has no strict sandbox or no Python, and says so.
#pragma once

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "emulator/cgroup/cgroup_backend.hpp"
#include "emulator/cgroup/cgroup_files.hpp"
#include "emulator/cgroup/cgroup_run.hpp"
#include "emulator/cgroup/run_name.hpp"
#include "tests/support/strict_fixture.hpp"

namespace coldframe::testing {

using Json = nlohmann::ordered_json;

inline constexpr const char* k_attacking_runtime = R"(
import ctypes, errno, http.client, json, os

libc = ctypes.CDLL(None, use_errno=True)

def refused(function, *arguments):
    try:
        function(*arguments)
        return ""
    except OSError as error:
        return errno.errorcode.get(error.errno, repr(error))

def call(number, *arguments):
    if libc.syscall(number, *arguments) >= 0:
        return ""
    return errno.errorcode[ctypes.get_errno()]

known = dict(os=os, ctypes=ctypes, errno=errno, http=http, libc=libc, refused=refused, call=call)
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    reply = api.getresponse()
    event, number = json.loads(reply.read()), reply.getheader("Lambda-Runtime-Aws-Request-Id")
    known["answer"] = None
    exec(event["python"], known)
    api.request("POST", f"/2018-06-01/runtime/invocation/{number}/response",
                json.dumps(known["answer"]))
    api.getresponse().read()
)";

class HostileFixture : public StrictFixture {
 protected:
  static constexpr const char* k_python = "/usr/bin/python3";

  void SetUp() override {
    StrictFixture::SetUp();
    if (IsSkipped()) return;
    if (::access(k_python, X_OK) != 0) GTEST_SKIP() << "needs " << k_python;
    options.network = NetworkMode::none;
    function.memory_mb = 1769;
    function.task_root = directory.path() + "/task";
    function.working_directory = function.task_root;
    std::filesystem::create_directory(function.task_root);
    function.entry_point = {k_python, "-S", "-B", "-c", k_attacking_runtime};
    groups_ = detect_cgroups();
  }
  void TearDown() override {
    StrictFixture::TearDown();
    for (const auto& hierarchy : groups_.hierarchies) {
      EXPECT_FALSE(std::filesystem::exists(hierarchy.own_group + "/" + own_run_name()));
    }
  }

  // Why there can be no groups here; empty: there can.
  std::string no_groups() const {
    return groups_.kind == CgroupKind::none ? "needs control groups; " + groups_.summary : "";
  }
  // Those of environments.
  std::size_t groups_in_use() const {
    if (groups_.kind == CgroupKind::none) return 0;
    auto names = groups_in(groups_.of("memory")->own_group + "/" + own_run_name());
    std::erase(names, k_own_leaf);  // with v2 we are there ourselves
    return names.size();
  }
  void start_hostile() {
    FunctionConfig neighbour = function;
    neighbour.name = "g";
    start({neighbour});
    EXPECT_EQ(told_by("g", "count = 1"), nullptr);
    EXPECT_EQ(attack(""), nullptr);
  }
  InvokeClient ask(std::string_view who, std::string_view python) {
    return call(Json{{"python", python}}.dump(), {}, who);
  }
  // What the code has found out; null where it has set no answer.
  Json told_by(std::string_view who, std::string_view python) {
    const auto answer = ask(who, python).finish();
    EXPECT_FALSE(answer.has("X-Amz-Function-Error")) << answer.body;
    return Json::parse(answer.body, nullptr, false);
  }
  Json attack(std::string_view python) { return told_by("f", python); }
  // What the caller of f reads.
  std::string fatal_attack(std::string_view python) { return ask("f", python).finish().body; }
  // The neighbour is the process that it was, and the next invoke of f is well.
  void expect_all_well() {
    EXPECT_EQ(told_by("g", "count += 1; answer = 'well'"), "well") << "the neighbour";
    EXPECT_EQ(attack("answer = 'well'"), "well");
  }

 private:
  CgroupBackend groups_;
};

}  // namespace coldframe::testing
