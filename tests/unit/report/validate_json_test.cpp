#include "emulator/report/validate_json.hpp"

#include <gtest/gtest.h>

#include "tests/unit/report/report_fixture.hpp"
#include "tests/unit/report/result_fixture.hpp"

namespace coldframe {
namespace {

// The `got` of a result file, as it is written there, of a finding that has `value`.
std::string written(const std::string& value) {
  ValidationReport report = report_fixture::sample_report();
  report.cases[1].findings[0].got = value;
  const std::string text = validate_json(result_fixture::sample_head(), report);
  const auto json = nlohmann::ordered_json::parse(text);
  std::string got = json["cases"][1]["findings"][0]["got"].dump();
  EXPECT_NE(text.find("\"got\":" + got), std::string::npos) << text;
  return got;
}

TEST(ValidateJson, WritesAValueAsItIsWhereJsonCarriesItExactly) {
  for (const char* value :
       {"9007199254740993", "18446744073709551615", "-9223372036854775808", "0.93", "-0.0", "[1.0]",
        R"({"b":[1,{"a":null}],"a":"x\ny\u0001"})", R"("1e3")", "true"}) {
    EXPECT_EQ(written(value), value);
  }
  EXPECT_EQ(written("1e3"), "1000.0") << "the same number";
  EXPECT_EQ(written("[1e-7,0.50]"), "[1e-07,0.5]");
}

TEST(ValidateJson, WritesAValueAsTextWhereJsonWouldChangeIt) {
  for (const char* value :
       {"123456789012345678901234567890", "[123456789012345678901234567890]",
        "0.12345678901234567890123", R"({"a":[{"b":18446744073709551616}]})", R"({"a":1,"a":2})",
        R"([{"x":{"a":1,"b":2,"a":1}}])", "1e999", "[1e-999]", "NaN", "[-0]", R"(["\ud800"])"}) {
    EXPECT_EQ(written(value), nlohmann::json(value).dump());
  }
}

}  // namespace
}  // namespace coldframe
