// One sandbox, made and ended, as doctor does it.
#include "emulator/sandbox/sandbox_trial.hpp"

#include "tests/support/strict_fixture.hpp"

namespace coldframe::testing {
namespace {

using SandboxTrialTest = StrictFixture;

TEST_F(SandboxTrialTest, MakesOneAndLeavesNothing) {
  auto server = SandboxServer::start(directory.path()).value();
  for (int i = 0; i < 3; ++i) {
    const auto trial = try_sandbox(*server);
    ASSERT_TRUE(trial) << trial.error().message;
    EXPECT_GT(trial->took, Duration::zero());
    if (server->in_user_namespace()) {
      EXPECT_EQ(trial->tmp_note, "loop devices need root");
    }
  }
}

TEST_F(SandboxTrialTest, SaysWhyTmpIsNotOnADisk) {
  auto server = SandboxServer::start("/nowhere").value();
  const auto trial = try_sandbox(*server);
  ASSERT_TRUE(trial) << trial.error().message;
  EXPECT_FALSE(trial->tmp_note.empty());
}

}  // namespace
}  // namespace coldframe::testing
