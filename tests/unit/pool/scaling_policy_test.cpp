#include "emulator/pool/scaling_policy.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

struct Row {
  const char* why;
  PoolCounts counts;  // idle, draining, promised, total, limit, warming
  Placement wanted;
};

constexpr Row k_table[] = {
    {"nobody there yet", {0, 0, 0, 0, 10}, Placement::start},
    {"one is idle", {1, 0, 0, 1, 10}, Placement::reuse},
    {"idle ones go before draining ones", {1, 3, 0, 4, 10}, Placement::reuse},
    {"idle ones serve also at the limit", {1, 0, 0, 10, 10}, Placement::reuse},
    {"all are busy and there is room", {0, 0, 0, 4, 10}, Placement::start},
    {"the last place is taken", {0, 0, 0, 9, 10}, Placement::start},
    {"all are busy at the limit", {0, 0, 0, 10, 10}, Placement::throttle},
    {"one is about to be free", {0, 1, 0, 1, 10}, Placement::await_draining},
    {"one is about to be free, at the limit", {0, 1, 0, 1, 1}, Placement::await_draining},
    {"the one that is about to be free is promised", {0, 1, 1, 1, 10}, Placement::start},
    {"it is promised, at the limit", {0, 1, 1, 1, 1}, Placement::throttle},
    {"one of two is promised", {0, 2, 1, 2, 2}, Placement::await_draining},
    {"both are promised", {0, 2, 2, 2, 2}, Placement::throttle},
    {"more promises than draining ones, after one died", {0, 1, 2, 3, 3}, Placement::throttle},
    {"reserved concurrency 0", {0, 0, 0, 0, 0}, Placement::throttle},
    {"reserved concurrency 0, with an idle one", {1, 0, 0, 1, 0}, Placement::throttle},
    {"one initializes ahead, at the limit", {0, 0, 0, 1, 1, 1}, Placement::join_init},
    {"one initializes ahead, and there is room", {0, 0, 0, 1, 2, 1}, Placement::start},
    {"a free one goes before one that initializes", {1, 0, 0, 2, 2, 1}, Placement::reuse},
    {"the limit was lowered below what lives", {0, 0, 0, 5, 3}, Placement::throttle},
};

TEST(PlaceInvoke, DecidesAsTheTableSays) {
  for (const Row& row : k_table)
    EXPECT_EQ(place(row.counts), row.wanted) << row.why;
}

TEST(PlaceInvoke, NeverStartsBeyondTheLimitNorThrottlesWithAFreeEnvironment) {
  for (int idle = 0; idle < 4; ++idle) {
    for (int draining = 0; draining < 4; ++draining) {
      for (int promised = 0; promised < 4; ++promised) {
        for (int total = 0; total < 6; ++total) {
          for (int limit = 0; limit < 6; ++limit) {
            const Placement got = place({idle, draining, promised, total, limit, 0});
            EXPECT_EQ(got == Placement::reuse, idle > 0 && limit > 0);
            EXPECT_TRUE(got != Placement::start || total < limit);
            EXPECT_TRUE(got != Placement::throttle || total >= limit);
            EXPECT_TRUE(got != Placement::await_draining || draining > promised);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace coldframe
