// An emulator that starts real children: the scripted runtime with a dialogue of the test's own.
//
//   class Crash : public ChildFixture {};
//   TEST_F(Crash, IsToldByItsSignal) {
//     play(k_obey);
//     start();
//     auto answer = obey("signal SEGV");
//   }
//
// The scripted runtime stands beside the test program in bin/.
#pragma once

#include "tests/support/emulator_fixture.hpp"

namespace coldframe::testing {

// Why there can be no strict sandbox here; empty: there can.
const std::string& no_strict_sandbox();

class ChildFixture : public EmulatorFixture {
 protected:
  ChildFixture();
  void SetUp() override;
  // `function`, or a copy of it with another name, with the scripted runtime and this dialogue.
  void play(std::string_view dialogue);
  FunctionConfig player(const std::string& name, std::string_view dialogue);
  // Invokes and waits, also for the record.
  HttpReply invoke(std::string_view event, const HeaderList& headers = {});
  // The same for what the scripted runtime's `obey` understands.
  HttpReply obey(const std::string& commands, const HeaderList& headers = {});

  // Serves for ever and does what each event says.
  static constexpr std::string_view k_obey = "forever\n  obey\nend\n";
};

// {"do":"…"}
std::string order(const std::string& commands);

}  // namespace coldframe::testing
