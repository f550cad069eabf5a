// Nothing piles up: no descriptor and no process over many invokes and resets.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"

namespace coldframe::testing {
namespace {

class Leak : public ChildFixture {};

TEST_F(Leak, AThousandInvokesAndAHundredResetsLeaveNoDescriptorBehind) {
  play(k_obey);
  start();
  // Everything that is opened once is open after one of each kind.
  auto client = caller();
  const auto invoke_once = [&](const std::string& commands) {
    const auto before = records.invocations.size();
    client.start(order(commands));
    client.finish();
    ASSERT_TRUE(until([&] { return records.invocations.size() > before; }));
  };
  invoke_once("exit 1");
  invoke_once("respond 1");
  const int before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    invoke_once(i % 10 == 9 ? "exit 1" : "respond 1");
  }
  invoke_once("respond 1");
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(living_children().size(), 2U) << "the guard and the runtime";
  EXPECT_EQ(records.invocations.size(), 1003U);
}

TEST_F(Leak, AWholeEmulatorComesAndGoesWithoutATrace) {
  play(k_obey);
  const auto once = [&] {
    auto owned = Emulator::create(options).value();
    owned->add(function).value();
    owned->serve("127.0.0.1", 0).value();
    const auto result =
        owned->invoke_and_wait({.function = "f", .payload = make_payload(order("respond 1"))});
    EXPECT_EQ(*result.payload, "1");
  };
  once();
  const int before = open_descriptors();
  for (int i = 0; i < 5; ++i)
    once();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_TRUE(living_children().empty());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path() + "/run")) << "no registry file is left";
}

}  // namespace
}  // namespace coldframe::testing
