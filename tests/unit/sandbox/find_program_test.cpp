#include "emulator/sandbox/find_program.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

TEST(FindProgram, TakesTheFirstThatCanRun) {
  const TempDir one;
  const TempDir two;
  one.write("tool", "no program");
  std::filesystem::create_directory(one.path() + "/other");
  two.write_executable("tool", "#!/bin/sh\n");
  two.write_executable("other", "#!/bin/sh\n");
  const std::string path = one.path() + "::" + two.path();
  EXPECT_EQ(find_program("tool", path), two.path() + "/tool");
  EXPECT_EQ(find_program("other", path), two.path() + "/other") << "not the directory";
  EXPECT_EQ(find_program("nowhere", path), "");
  EXPECT_EQ(find_program("tool", ""), "");
}

TEST(FindProgram, NeverLooksWhereWeHappenToStand) {
  EXPECT_EQ(find_program("sh", "."), "");
  EXPECT_EQ(find_program("bin/sh", ":"), "");
}

TEST(FindProgram, KnowsWhereSystemToolsAre) { EXPECT_NE(find_program("sh"), ""); }

}  // namespace
}  // namespace coldframe::testing
