// Several functions in one emulator, and the pool with real processes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/child_fixture.hpp"

namespace coldframe::testing {
namespace {

class SeveralFunctions : public ChildFixture {};
TEST_F(SeveralFunctions, AreServedByOneEmulatorEachWithItsOwnProcessAndLimits) {
  play("forever\n  next\n  respond \"from f\"\nend\n");
  auto other = player("g", "forever\n  next\n  respond \"from g\"\nend\n");
  other.reserved_concurrency = 0;
  auto third = player("h", k_obey);
  third.memory_mb = 512;
  start({other, third});
  EXPECT_EQ(call("{}", {}, "f").finish().body, "\"from f\"");
  EXPECT_EQ(call("{}", {}, "g").finish().status, 429);
  const auto variables = nlohmann::json::parse(call(order("dump-env"), {}, "h").finish().body);
  EXPECT_EQ(variables["AWS_LAMBDA_FUNCTION_NAME"], "h");
  EXPECT_EQ(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "512");
  EXPECT_EQ(call("{}", {}, "function").finish().status, 404)
      << "the short name is for a single function";
}

TEST_F(SeveralFunctions, WithOneNameAreRefused) {
  auto created = Emulator::create(options);
  ASSERT_TRUE(created.has_value());
  ASSERT_TRUE((*created)->add(function).has_value());
  const auto again = (*created)->add(function);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ExitCode::usage);
  EXPECT_NE(again.error().message.find("'f'"), std::string::npos);
}

class RealPool : public ChildFixture {};
TEST_F(RealPool, AnIdleRuntimeIsKilledOnceItsScaledTimeIsOver) {
  play(k_obey);
  options.idle_timeout = std::chrono::seconds(60);
  options.time_scale = 600;
  start();
  obey("respond 1");
  ASSERT_TRUE(until([&] { return states().empty(); }));
  obey("respond 2");
  EXPECT_TRUE(records.invocations.at(1).cold);
  EXPECT_NE(records.invocations[0].environment_id, records.invocations[1].environment_id);
}

TEST_F(RealPool, ARecycledFunctionMeetsAColdStart) {
  play(k_obey);
  start();
  const auto before = nlohmann::json::parse(obey("respond-pid").body)["pid"];
  ASSERT_TRUE(emulator().recycle("f").has_value());
  const auto after = nlohmann::json::parse(obey("respond-pid").body)["pid"];
  EXPECT_NE(before, after);
  EXPECT_TRUE(records.invocations.at(1).cold);
  EXPECT_TRUE(records.invocations.at(1).init.has_value());
}

}  // namespace
}  // namespace coldframe::testing
