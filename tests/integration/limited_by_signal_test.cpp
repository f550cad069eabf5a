// The limits that need no privilege, through a whole emulator.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/child_fixture.hpp"

namespace coldframe::testing {
namespace {

class LimitedBySignal : public ChildFixture {
 protected:
  LimitedBySignal() { options.limits = LimitsKind::signal; }
  InvocationRecord burn(int ms) {
    EXPECT_EQ(obey("busy " + std::to_string(ms) + "ms; respond 1").body, "1");
    return records.invocations.back();
  }
};

TEST_F(LimitedBySignal, AFunctionGetsAboutTheShareOfItsMemorySize) {
  function.memory_mb = 256;
  play(k_obey);
  start();
  EXPECT_EQ(emulator().limits_name(), "signal");
  const double share = 256 / 1769.0;
  double error = 1;
  for (int tries = 0; tries < 5 && std::abs(error) > 0.08; ++tries) {
    const auto shorter = burn(40);
    const auto longer = burn(340);
    const double cpu = to_ms(*longer.cpu - *shorter.cpu);
    error = cpu / to_ms(longer.duration - shorter.duration) / share - 1;
  }
  EXPECT_LE(std::abs(error), 0.08);
  EXPECT_GT(to_ms(*records.invocations.back().throttled), 0);
}

TEST_F(LimitedBySignal, TheFirstInitIsNotLimitedAndItsRepetitionIs) {
  function.memory_mb = 128;
  play("starts-in starts\nbusy 50ms\non-start 1\n  exit 1\nend\nnext\nrespond 1\nnext\n");
  start();
  EXPECT_EQ(invoke("{}").body, "1");
  EXPECT_GT(to_ms(records.invocations.at(0).duration), 400);
  EXPECT_LT(to_ms(records.inits.at(0).duration), to_ms(records.invocations.at(0).duration));
}

TEST_F(LimitedBySignal, TooMuchMemoryEndsTheInvokeAndTheNextOneWorks) {
  function.memory_mb = 128;
  play(k_obey);
  start();
  const auto answer = obey("alloc 512MB; sleep 10s");
  EXPECT_NE(answer.body.find("\"errorType\":\"Runtime.OutOfMemory\""), std::string::npos);
  EXPECT_EQ(records.invocations.back().status, InvocationStatus::out_of_memory);
  EXPECT_GE(*records.invocations.back().max_memory_used_bytes, 128 << 20);
  EXPECT_EQ(obey("respond 2").body, "2");
  EXPECT_EQ(records.invocations.back().status, InvocationStatus::ok);
  const auto killed = obey("signal KILL");
  EXPECT_NE(killed.body.find("\"errorType\":\"Runtime.ExitError\""), std::string::npos);
}

TEST_F(LimitedBySignal, AStoppedFunctionEndsWithItsEnvironment) {
  function.memory_mb = 128;
  options.freeze = true;
  play(k_obey);
  start();
  auto caller = call(order("busy 1000ms; respond 1"));
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Busy"}; }));
  ASSERT_EQ(emulator().recycle("f").has_error(), false);
  EXPECT_TRUE(states().empty());
  EXPECT_EQ(obey("respond 1").body, "1");
}

}  // namespace
}  // namespace coldframe::testing
