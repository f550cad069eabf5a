#include "tests/support/child_fixture.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "emulator/sandbox/sandbox_server.hpp"

namespace coldframe::testing {

ChildFixture::ChildFixture() {
  // Children inherit this: tests let them die of signals that would leave core files behind.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // Real children share the machine with whatever else runs; nothing here is about three seconds.
  function.timeout_s = 60;
  // One environment unless a test wants more: a reset that takes its time on a busy machine would
  // otherwise make the next invoke start another.
  options.concurrency = 1;
  // The same tests once more in the strict sandbox; tests/CMakeLists.txt says which.
  const char* sandbox = std::getenv("COLDFRAME_TEST_SANDBOX");
  if (sandbox != nullptr && std::string_view(sandbox) == "strict") {
    options.sandbox = SandboxChoice::strict;
    options.network = NetworkMode::none;
  }
}

void ChildFixture::SetUp() {
  if (options.sandbox == SandboxChoice::strict && !no_strict_sandbox().empty()) {
    GTEST_SKIP() << no_strict_sandbox();
  }
}

const std::string& no_strict_sandbox() {
  static const std::string k_why = [] {
    auto server = SandboxServer::start(std::filesystem::temp_directory_path().string());
    return server ? std::string() : server.error().message;
  }();
  return k_why;
}

void ChildFixture::play(std::string_view dialogue) { function = player(function.name, dialogue); }

FunctionConfig ChildFixture::player(const std::string& name, std::string_view dialogue) {
  static const auto program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "scripted_runtime";
  FunctionConfig config = function;
  config.name = name;
  config.entry_point = {program.string()};
  config.command = {directory.write(name + ".dialogue", dialogue)};
  return config;
}

HttpReply ChildFixture::invoke(std::string_view event, const HeaderList& headers) {
  const auto before = records.invocations.size();
  auto answer = call(event, headers).finish();
  wait_for(
      *this, [&] { return records.invocations.size() > before; }, "the record of an invoke");
  return answer;
}

HttpReply ChildFixture::obey(const std::string& commands, const HeaderList& headers) {
  return invoke(order(commands), headers);
}

std::string order(const std::string& commands) { return nlohmann::json{{"do", commands}}.dump(); }

}  // namespace coldframe::testing
