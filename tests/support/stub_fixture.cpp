#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {

StubFixture::StubFixture() {
  function.entry_point = {"/bin/sh"};
  options.clock = &clock;
  options.timers = &clock;
  options.launcher = &launcher;
}

StubRuntime StubFixture::runtime(int process) { return {*this, launcher.process(process).port()}; }

StubRuntime StubFixture::next_runtime() {
  wait_for(
      *this, [&] { return launcher.starts() > spoken_for_; }, "another process");
  return runtime(spoken_for_++);
}

StubRuntime StubFixture::warm_runtime() {
  auto client = call("{}");
  StubRuntime stub = next_runtime();
  stub.serve("{}");
  client.finish();
  wait_for(
      *this, [&] { return states() == std::vector<std::string>{"Idle"}; }, "an idle environment");
  return stub;
}

}  // namespace coldframe::testing
