// What the tests of Validator share: a suite of three cases, a function that answers them rightly,
// and a run that must not fail itself.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "emulator/validate/validator.hpp"
#include "tests/unit/validate/fake_function.hpp"

namespace coldframe::testing {

inline GoldenSuite suite_of(const std::vector<std::string>& lines) {
  GoldenSuite suite;
  suite.files = {"golden/cases.jsonl"};
  for (const std::string& line : lines) {
    Result<GoldenCase> golden = parse_golden_line(line, "");
    EXPECT_TRUE(golden) << line;
    golden.value().file = suite.files[0];
    golden.value().line = suite.cases.size() + 1;
    suite.cases.push_back(golden.value());
  }
  return suite;
}

inline GoldenSuite squares() {
  return suite_of({R"({"id":"one","event":1,"expect":{"n":1.5}})",
                   R"({"id":"two","event":2,"expect":{"n":2.5}})",
                   R"({"id":"three","event":3,"expect":{"n":3.5}})"});
}

inline Observation half_more(const FakeCall& call) {
  return answer(R"({"n":)" + call.event + ".5}");
}

inline ValidationReport run(FakeFunction& function, const GoldenSuite& suite,
                            ValidateOptions options = {}) {
  Result<ValidationReport> report = Validator(std::move(options)).run(function, suite);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  return report ? report.value() : ValidationReport();
}

// As on Lambda, the request id is another one each time.
inline Observation timed_out(const FakeCall& call) {
  return broken(InvocationStatus::timeout,
                R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: )" +
                    std::to_string(call.start) + R"( Error: Task timed out after 1.00 seconds"})");
}

}  // namespace coldframe::testing
