#include "emulator/base/calling_user.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

TEST(CallingUser, IsWhoHasCalledSudo) {
  const auto user = calling_user(0, "1000", "100");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->uid, 1000U);
  EXPECT_EQ(user->gid, 100U);
}

TEST(CallingUser, OfWhoIsNotRootThereIsNone) { EXPECT_FALSE(calling_user(1000, "1001", "1001")); }

TEST(CallingUser, RootItselfHasNone) {
  EXPECT_FALSE(calling_user(0, nullptr, nullptr));
  EXPECT_FALSE(calling_user(0, "0", "0"));
}

TEST(CallingUser, WhatIsNoNumberIsNobody) {
  for (const char* text : {"", "x", "-1", "1000 ", " 1000", "1e3", "4294967295", "4294967296"}) {
    EXPECT_FALSE(calling_user(0, text, "100")) << text;
    EXPECT_FALSE(calling_user(0, "1000", text)) << text;
  }
  EXPECT_FALSE(calling_user(0, "1000", nullptr));
}

}  // namespace
}  // namespace coldframe
