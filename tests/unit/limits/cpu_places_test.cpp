#include "emulator/limits/cpu_places.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

using Cpus = std::vector<int>;

TEST(CpuPlaces, GoRoundSoThatEnvironmentsShareThemOut) {
  CpuPlaces places({0, 1, 2, 3, 6});
  EXPECT_EQ(places.next(128), (Cpus{0, 1}));
  EXPECT_EQ(places.next(3008), (Cpus{2, 3}));
  EXPECT_EQ(places.next(128), (Cpus{0, 6}));
  EXPECT_EQ(places.next(5307), (Cpus{1, 2, 3}));
}

TEST(CpuPlaces, AreNotChosenWhereAllAreNeeded) {
  CpuPlaces places({0, 1, 2});
  EXPECT_EQ(places.next(5307), Cpus());
  EXPECT_EQ(places.next(10240), Cpus());
  EXPECT_EQ(places.missing(5307), 0);
  EXPECT_EQ(places.missing(10240), 3);
  EXPECT_EQ(missing_cpus_text(10240, places),
            "a function of 10240 MB sees 6 vCPUs on Lambda, this host has 3: what it does in "
            "parallel is slower here");
}

TEST(CpuPlaces, AreNotMissedWhereNobodyKnowsThem) {
  CpuPlaces places({});
  EXPECT_EQ(places.next(10240), Cpus());
  EXPECT_EQ(places.missing(10240), 0);
}

}  // namespace
}  // namespace coldframe
