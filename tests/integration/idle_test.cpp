// Time that really passes while nobody asks for anything: conformance case 1.
#include <gtest/gtest.h>

#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class RealCase01 : public StubFixture {
 protected:
  RealCase01() {
    options.clock = nullptr;
    options.timers = nullptr;
  }
};

// With the fake clock of conformance, a timeout of the sockets' own would go unseen.
TEST_F(RealCase01, AnIdleRuntimeAndAnIdleCallerAreKeptForSecondsWithoutAByte) {
  auto runtime = (start(), warm_runtime());
  InvokeClient caller(*this, port());
  caller.start("1");
  runtime.serve("1");
  ASSERT_EQ(caller.finish().body, "1");
  const auto end = std::chrono::steady_clock::now() + 2500ms;
  while (std::chrono::steady_clock::now() < end) {
    turn();
    ASSERT_TRUE(runtime.link().quiet());
    ASSERT_TRUE(caller.link().quiet());
  }
  caller.start("2");
  EXPECT_EQ(runtime.serve("2").body(), "2");
  EXPECT_EQ(caller.finish().body, "2");
  EXPECT_EQ(launcher.starts(), 1);
}

}  // namespace
}  // namespace coldframe::testing
