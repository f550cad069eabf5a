#include "emulator/report/leftovers.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

constexpr std::int64_t k_mib = 1 << 20;

struct LeftoversTest : testing::Test {
  LeftoversTest() {
    leftovers.add("f", 512);
    record.function = "f";
    record.environment_id = "e";
  }
  // `count` invokes, each of which `change` has told what it leaves; the first is a cold start.
  template <typename Change>
  void invokes(int count, Change change) {
    for (int i = 0; i < count; ++i) {
      record.renew();
      record.cold = i == 0;
      change(i);
      leftovers.on_invocation(record);
    }
  }
  Leftovers leftovers;
  InvocationRecord record;
};

TEST_F(LeftoversTest, OfAFunctionThatLeavesNothingNothingIsSaid) {
  invokes(30, [&](int) {
    record.descriptors = 6;
    record.threads = 1;
    record.children = 0;
    record.resident_bytes = 50 * k_mib;
    record.tmp_left_bytes = 0;
  });
  EXPECT_TRUE(leftovers.notes().empty());
}

TEST_F(LeftoversTest, EveryKindHasItsSentence) {
  invokes(23, [&](int i) {
    record.descriptors = 9 + i;
    record.threads = 4 + 2 * i;
    record.resident_bytes = 50 * k_mib + i * k_mib * 3 / 2;
    record.tmp_left_bytes = i * 25 * k_mib;
  });
  const std::vector<std::string> wanted{
      "W24: the function keeps 1 more file descriptor with each invoke (12 → 31 in 20 invokes); "
      "Lambda keeps environments for hours",
      "W24: the function keeps 2 more threads with each invoke (10 → 48 in 20 invokes); Lambda "
      "keeps environments for hours",
      "W24: the function keeps 1.5 MB more memory with each invoke (54 → 83 MB in 20 invokes); "
      "Lambda keeps environments for hours",
      "W5: /tmp grows by 25 MB an invoke (75 → 550 MB in 20 invokes); it is full (512 MB) after "
      "some 23"};
  EXPECT_EQ(leftovers.notes(), wanted);
}

TEST_F(LeftoversTest, TellsWhenTmpIsFull) {
  invokes(15, [&](int i) { record.tmp_left_bytes = (i + 1) * 25 * k_mib; });
  EXPECT_EQ(leftovers.notes().at(0),
            "W5: /tmp grows by 25 MB an invoke (100 → 375 MB in 12 invokes); it is full (512 MB) "
            "after some 20");
}

TEST_F(LeftoversTest, WhatEveryFewInvokesLeaveIsToldSo) {
  invokes(60, [&](int i) { record.descriptors = 10 + i / 5; });
  EXPECT_EQ(leftovers.notes().at(0).substr(0, 65),
            "W24: the function keeps 1 more file descriptor every 5 invokes (1");
}

TEST_F(LeftoversTest, MemoryOfChildrenIsToldOnceAsChildren) {
  invokes(20, [&](int i) {
    record.children = i;
    record.resident_bytes = (50 + 10 * i) * k_mib;
  });
  const auto texts = leftovers.notes();
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_NE(texts[0].find("1 more child process with each invoke"), std::string::npos);
}

TEST_F(LeftoversTest, LittleMemoryIsNoLeak) {
  invokes(15, [&](int i) { record.resident_bytes = 50 * k_mib + i * 100 * 1024; });
  EXPECT_TRUE(leftovers.notes().empty());
  // After a thousand invokes it is one.
  record.environment_id = "other";
  invokes(1000, [&](int i) { record.resident_bytes = 50 * k_mib + i * 100 * 1024; });
  EXPECT_EQ(leftovers.notes().size(), 1U);
}

TEST_F(LeftoversTest, ANewProcessBeginsAnewButForTmp) {
  int total = 0;
  for (int process = 0; process < 4; ++process) {
    invokes(6, [&](int i) {
      record.descriptors = 6 + i;
      record.tmp_left_bytes = ++total * 25 * k_mib;
    });
  }
  const auto texts = leftovers.notes();
  ASSERT_EQ(texts.size(), 1U) << "six invokes of a process say nothing";
  EXPECT_TRUE(texts[0].starts_with("W5: ")) << texts[0];
}

TEST_F(LeftoversTest, OfManyEnvironmentsTheOneThatTellsMostIsTold) {
  for (int one = 0; one < 600; ++one) {
    record.environment_id = std::to_string(one);
    invokes(one == 100 ? 50 : 14, [&](int i) { record.descriptors = 6 + i; });
  }
  const auto texts = leftovers.notes();
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_NE(texts[0].find("in 47 invokes"), std::string::npos) << texts[0];
}

TEST_F(LeftoversTest, SeveralFunctionsAreNamed) {
  leftovers.add("g", 512);
  invokes(20, [&](int i) { record.descriptors = 6 + i; });
  EXPECT_TRUE(leftovers.notes().at(0).starts_with("'f': W24: "));
}

TEST_F(LeftoversTest, InvokesThatWereNotLookedAtSayNothing) {
  invokes(100, [](int) {});
  EXPECT_TRUE(leftovers.notes().empty());
}

}  // namespace
}  // namespace coldframe
