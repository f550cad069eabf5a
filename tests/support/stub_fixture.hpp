// An emulator with fake time and fake processes; the test speaks for the runtimes itself.
//
//   class Retry : public StubFixture {};
//   TEST_F(Retry, AnswersOnce) {
//     start();
//     auto caller = call("{}");                     // an invoke is on its way
//     auto runtime = next_runtime();                // speaks for the process started for it
//     runtime.serve("\"ok\"");
//     EXPECT_EQ(caller.finish().body, "\"ok\"");
//     clock.advance(3s);
//   }
//
// No process is started and nothing is waited for: such a test takes milliseconds.
#pragma once

#include "tests/support/emulator_fixture.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_launcher.hpp"
#include "tests/support/stub_runtime.hpp"

namespace coldframe::testing {

class StubFixture : public EmulatorFixture {
 protected:
  StubFixture();
  // Speaks for the process with this number; they are counted from 0.
  StubRuntime runtime(int process);
  // Waits until another process has been started than those that runtimes were made for.
  StubRuntime next_runtime();
  // The only environment, warm: its runtime waits in next, nothing is under way.
  StubRuntime warm_runtime();

  FakeClock clock;
  FakeLauncher launcher;

 private:
  void on_created() override { launcher.attach(emulator().io()); }
  int spoken_for_ = 0;
};

}  // namespace coldframe::testing
