#include "emulator/sandbox/plan_message.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

TEST(PlanMessage, KeepsEveryField) {
  SandboxPlan plan;
  plan.mounts = {{"/a", "/b"}, {"/c", "/d"}};
  plan.links = {{"/bin", "usr/bin"}};
  plan.task_root = "/somewhere";
  plan.tmp_mb = 1024;
  plan.memory_mb = 1769;
  plan.vcpus = 3;
  plan.network = NetworkMode::open;
  plan.way_out = {WayOutKind::pasta, "/usr/bin/pasta", "169.254.78.1"};
  plan.trace_denied = true;
  plan.tmp_in_memory = true;
  MessageWriter out;
  write_plan(out, plan);
  MessageReader in(out.bytes());
  const SandboxPlan read = read_plan(in);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(read.mounts, plan.mounts);
  EXPECT_EQ(read.links, plan.links);
  EXPECT_EQ(read.task_root, plan.task_root);
  EXPECT_EQ(read.tmp_mb, plan.tmp_mb);
  EXPECT_EQ(read.memory_mb, plan.memory_mb);
  EXPECT_EQ(read.vcpus, plan.vcpus);
  EXPECT_EQ(read.network, plan.network);
  EXPECT_EQ(read.way_out.kind, plan.way_out.kind);
  EXPECT_EQ(read.way_out.path, plan.way_out.path);
  EXPECT_EQ(read.way_out.resolver, plan.way_out.resolver);
  EXPECT_TRUE(read.trace_denied);
  EXPECT_TRUE(read.tmp_in_memory);
  const std::string cut = out.bytes().substr(0, out.bytes().size() - 1);
  MessageReader half(cut);
  read_plan(half);
  EXPECT_FALSE(half.ok());
}

}  // namespace
}  // namespace coldframe
