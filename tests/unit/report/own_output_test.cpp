// Result and JUnit files as they are written, and files that are like them.
#include "emulator/report/own_output.hpp"

#include <gtest/gtest.h>

#include "emulator/report/invoke_json.hpp"
#include "emulator/report/junit.hpp"
#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

TEST(OwnOutput, IsAResultFileOrAJunitFile) {
  testing::TempDir dir;
  ResultHead head;
  head.tool_version = "1.2.3";
  head.command = "invoke";
  EXPECT_TRUE(is_own_output(dir.write("result.json", invoke_json(head, {}))));
  EXPECT_TRUE(is_own_output(dir.write("junit.xml", junit_xml({}))));
}

TEST(OwnOutput, IsNothingElse) {
  testing::TempDir dir;
  EXPECT_FALSE(is_own_output(dir.write("app.py", "import json\n")));
  EXPECT_FALSE(is_own_output(dir.write("function.json", R"({"FunctionName":"coldframe"})")));
  EXPECT_FALSE(is_own_output(dir.write("other.json", "{\n\"schema_version\": 1}")));
  EXPECT_FALSE(is_own_output(dir.write("pytest.xml", "<?xml version=\"1.0\"?><testsuites/>")));
  EXPECT_FALSE(is_own_output(dir.write("empty", "")));
  EXPECT_FALSE(is_own_output(dir.path()));
  EXPECT_FALSE(is_own_output(dir.path() + "/none"));
}

}  // namespace
}  // namespace coldframe
