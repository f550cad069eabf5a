#include "emulator/report/payload_advice.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

TEST(PayloadAdvice, NamesANumberThatIsNotJson) {
  EXPECT_EQ(payload_advice(R"({"a":[1,{"score": NaN}]})"),
            "the answer holds NaN, which is not JSON: Lambda passes it on, and most clients refuse "
            "it");
  EXPECT_NE(payload_advice("-Infinity").find("the answer holds -Infinity,"), std::string::npos);
  EXPECT_NE(payload_advice(R"({"statusCode":200,"body":"{\"score\": Infinity}"})")
                .find("the body of the answer holds Infinity,"),
            std::string::npos);
}

TEST(PayloadAdvice, HasNothingToSayOfOtherAnswers) {
  for (const char* payload :
       {"", "1", "not JSON", "NaN of course", R"({"a":"NaN"})", R"({"body":"NaN is a word"})",
        R"({"body":"\"Infinity\""})", R"({"body":{"a":"NaN"}})", "1e999"}) {
    EXPECT_EQ(payload_advice(payload), "") << payload;
  }
}

}  // namespace
}  // namespace coldframe
