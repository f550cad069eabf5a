#include "emulator/report/host_facts.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

TEST(HostFacts, AreReadFromTheMachineAndHaveAStableFingerprint) {
  const HostFacts host = read_host();
  EXPECT_GE(host.cores, 1);
  EXPECT_FALSE(host.kernel.empty());
  EXPECT_GT(host.memory_bytes.value_or(0), 0);
  HostFacts later = host;
  later.load_1m = 99;
  EXPECT_EQ(host.fingerprint(), later.fingerprint());
  later.cores += 1;
  EXPECT_NE(host.fingerprint(), later.fingerprint());
}

TEST(HostFacts, LeaveGapsWhereNothingCanBeRead) {
  const HostFacts host = read_host("/nonexistent");
  EXPECT_FALSE(host.memory_bytes || host.load_1m || host.steal_percent);
  EXPECT_TRUE(host.cpu_model.empty());
}

}  // namespace
}  // namespace coldframe
