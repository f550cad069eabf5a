// A StubFixture whose function has external extensions: executables that are never run, since the
// processes are fake. Process 0 is the first of them, by name; the runtime's is the last.
//
//   add_extension("agent");
//   start();
//   auto caller = call("{}");
//   auto agent = next_extension();
//   agent.enroll("agent", k_wants_both);
//   auto runtime = next_runtime();                      // started now, and not before
#pragma once

#include <filesystem>

#include "tests/support/stub_extension.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {

class ExtensionFixture : public StubFixture {
 protected:
  // Time stands still: nobody else would end those that have a while to end.
  void TearDown() override {
    for (int i = 0; i < launcher.starts(); ++i)
      launcher.process(i).exit(0);
    StubFixture::TearDown();
  }
  void add_extension(const std::string& name) {
    function.extensions = directory.path() + "/opt/extensions";
    std::filesystem::create_directories(function.extensions);
    directory.write_executable("opt/extensions/" + name, "#!/bin/sh\n");
  }
  // Speaks for the process that was started next.
  StubExtension next_extension() { return {*this, next_process().port()}; }
  FakeProcess& next_process() {
    wait_for(
        *this, [&] { return launcher.starts() > seen_; }, "another process");
    return launcher.process(seen_++);
  }
  StubRuntime next_runtime() { return {*this, next_process().port()}; }
  void turns(int count = 10) {
    for (int i = 0; i < count; ++i)
      turn();
  }

 private:
  int seen_ = 0;
};

}  // namespace coldframe::testing
