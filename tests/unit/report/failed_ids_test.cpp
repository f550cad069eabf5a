// What `validate --failed-from` reads out of a result file.
#include <gtest/gtest.h>

#include "emulator/report/validate_json.hpp"

namespace coldframe {
namespace {

CaseResult with(const std::string& id, CaseStatus status) {
  CaseResult result;
  result.id = id;
  result.status = status;
  return result;
}

std::string result_of(std::vector<CaseResult> cases) {
  ResultHead head;
  head.command = "validate";
  ValidationReport report;
  report.cases = std::move(cases);
  return validate_json(head, report);
}

TEST(FailedIds, AreTheCasesThatFailedOrHadNoAnswer) {
  const auto ids =
      failed_ids(result_of({with("good", CaseStatus::pass), with("bad", CaseStatus::fail),
                            with("dead", CaseStatus::error), with("left out", CaseStatus::skip)}),
                 "r.json");
  ASSERT_TRUE(ids);
  EXPECT_EQ(*ids, (std::vector<std::string>{"bad", "dead"}));
}

TEST(FailedIds, OfARunWithoutAnyAreRefused) {
  const auto ids = failed_ids(result_of({with("good", CaseStatus::pass)}), "r.json");
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().message, "r.json names no case that failed; there is nothing to run again");
  EXPECT_EQ(ids.error().code, ExitCode::usage);
}

TEST(FailedIds, OfAnythingElseAreRefused) {
  ResultHead head;
  head.command = "bench cold";
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
        std::string(R"({"command":"validate"})"),
        std::string(R"({"command":"validate","cases":1})"),
        std::string(R"({"command":"validate","cases":[1]})"),
        std::string(R"({"command":"validate","cases":[{"status":"fail"}]})"),
        std::string(200'000, '['), validate_json(head, ValidationReport())}) {
    const auto ids = failed_ids(text, "r.json");
    ASSERT_FALSE(ids) << text.substr(0, 80);
    EXPECT_EQ(ids.error().message, "r.json is not a result file of validate");
  }
}

}  // namespace
}  // namespace coldframe
