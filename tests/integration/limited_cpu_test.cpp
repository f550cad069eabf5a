// The CPU share of a memory size, through a whole emulator and real control groups.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "emulator/cgroup/cpu_share.hpp"
#include "tests/support/limited_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class LimitedCpu : public LimitedFixture {
 protected:
  // The record of an invoke that uses so much CPU time.
  InvocationRecord burn(double ms) {
    const auto answer = obey("busy " + std::to_string(std::lround(ms)) + "ms; respond 1");
    EXPECT_EQ(answer.body, "1");
    return records.invocations.back();
  }
};

class Saturated : public LimitedCpu, public ::testing::WithParamInterface<int> {};

// The difference of two lengths leaves out how an invoke begins and ends. Others may have the CPUs
// for a moment, so the median of three counts, or of five: what is wrong stays wrong.
TEST_P(Saturated, FunctionGetsTheShareOfItsMemorySize) {
  constexpr double k_most = 0.02;
  function.memory_mb = GetParam();
  play(k_obey);
  start();
  const double share = GetParam() / 1769.0;
  std::vector<double> errors;
  const auto median = [&] {
    std::ranges::sort(errors);
    return errors[errors.size() / 2];
  };
  while (errors.size() < 3 || (errors.size() < 5 && std::abs(median()) > k_most)) {
    const auto shorter = burn(600 * share);
    const auto longer = burn(3600 * share);
    const double cpu = to_ms(*longer.cpu - *shorter.cpu);
    errors.push_back(cpu / to_ms(longer.duration - shorter.duration) / share - 1);
  }
  EXPECT_LE(std::abs(median()), k_most) << "of the share; " << ::testing::PrintToString(errors);
  EXPECT_GT(to_ms(*records.invocations.back().throttled), 0);
}

INSTANTIATE_TEST_SUITE_P(Limits, Saturated, ::testing::Values(128, 256, 512, 1024),
                         [](const auto& one) { return std::to_string(one.param) + "MB"; });

TEST_F(LimitedCpu, IsNotLimitedInTheFirstInit) {
  std::vector<double> shortest;
  for (const int memory_mb : {128, 1769}) {
    function.memory_mb = memory_mb;
    play("busy 100ms\nforever\n  obey\nend\n");
    start();
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      ASSERT_EQ(obey("respond 1").body, "1");
      best = std::min(best, to_ms(*records.invocations.back().init));
      ASSERT_TRUE(emulator().recycle("f"));
    }
    shortest.push_back(best);
    stop();
    restart();
  }
  EXPECT_LE(shortest[0] / shortest[1], 1.2);
}

TEST_F(LimitedCpu, IsLimitedInAnInitThatIsRepeatedInsideAnInvoke) {
  function.memory_mb = 128;
  play("starts-in starts\non-start 1\n  exit 1\nend\nbusy 50ms\nnext\nrespond 1\nnext\n");
  start();
  EXPECT_EQ(invoke("{}").body, "1");
  // 662 ms at least; without a limit 50.
  EXPECT_GT(to_ms(records.invocations.at(0).duration), 500);
}

TEST_F(LimitedCpu, TimeIsThatOfTheInvokeAloneAndOfAllItsProcesses) {
  function.memory_mb = 1769;
  play_behind(
      "(while [ ! -e go ]; do sleep 0.01; done; i=0; while [ $i -lt 20000 ]; do "
      "i=$((i+1)); done; touch done) &",
      k_obey);
  start();
  burn(80);
  EXPECT_GE(to_ms(*records.invocations.back().cpu), 80);
  const auto answer = obey("write-file " + directory.path() + "/go x; wait-file " +
                           directory.path() + "/done; respond 1");
  ASSERT_EQ(answer.body, "1");
  EXPECT_GT(to_ms(*records.invocations.back().cpu), 3) << "the shell's loop counts";
  EXPECT_LT(to_ms(*records.invocations.back().cpu), 80 + 1000);
}

TEST_F(LimitedCpu, IsAsMuchMoreAsACoreHereIsSlower) {
  function.memory_mb = 442;  // 5 of 20 ms
  options.cpu_scale = 0.25;  // here 20 of 20
  play(k_obey);
  start();
  double least = 1e9;
  for (int i = 0; i < 5; ++i)
    least = std::min(least, to_ms(burn(200).duration));
  EXPECT_LT(least, 300) << "at a quarter of a CPU it is 800";
}

// A rewrite would forgive what a function owes.
TEST_F(LimitedCpu, QuotaIsWrittenOnceInTheLifeOfAnEnvironment) {
  play(k_obey);
  start();
  ASSERT_EQ(obey("respond 1").body, "1");
  const bool v2 = backend.kind == CgroupKind::v2;
  const std::string file = backend.of("cpu")->own_group + "/" + own_run_name() + "/" +
                           groups().at(0) + (v2 ? "/cpu.max" : "/cpu.cfs_quota_us");
  EXPECT_TRUE(read_text(file)->starts_with("1447"));
  ASSERT_TRUE(put(kernel_files(), file, "15000"));
  ASSERT_EQ(obey("respond 2").body, "2");
  obey("exit 1");
  ASSERT_EQ(obey("respond 3").body, "3");
  EXPECT_TRUE(read_text(file)->starts_with("15000"));
}

}  // namespace
}  // namespace coldframe::testing
