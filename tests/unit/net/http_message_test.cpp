#include "emulator/net/http_message.hpp"

#include <gtest/gtest.h>

namespace coldframe::http {
namespace {

TEST(Headers, AreFoundWithoutRegardToCaseAndTheFirstWins) {
  Headers headers;
  headers.add("X-Amz-Log-Type", "Tail");
  headers.add("x-amz-log-type", "None");
  headers.add("Other", "");
  EXPECT_EQ(headers.find("X-AMZ-LOG-TYPE"), "Tail");
  EXPECT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers.name(1), "x-amz-log-type");
  EXPECT_EQ(headers.value(1), "None");
}

TEST(Headers, TellAMissingOneFromAnEmptyOne) {
  Headers headers;
  headers.add("Empty", "");
  EXPECT_TRUE(headers.contains("empty"));
  EXPECT_NE(headers.find("empty").data(), nullptr);
  EXPECT_FALSE(headers.contains("Emptyx"));
  EXPECT_FALSE(headers.contains("Empt"));
  EXPECT_EQ(headers.find("Missing").data(), nullptr);
  headers.clear();
  EXPECT_FALSE(headers.contains("Empty"));
  EXPECT_EQ(headers.size(), 0U);
}

TEST(Headers, KeepManyAndLongValuesApart) {
  Headers headers;
  for (int i = 0; i < 1000; ++i) {
    headers.add("N" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v'));
  }
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(headers.find("n" + std::to_string(i)).size(), static_cast<std::size_t>(i));
  }
}

TEST(CaseInsensitiveCompare, FoldsLettersOnly) {
  EXPECT_TRUE(iequals("Content-Length", "cONTENT-lENGTH"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_FALSE(iequals("-", "\r"));
  EXPECT_TRUE(iequals("", ""));
}

TEST(Request, SplitsItsTargetAtTheFirstQuestionMark) {
  Request request;
  request.target = "/a/b?x=1?y";
  EXPECT_EQ(request.path(), "/a/b");
  EXPECT_EQ(request.query(), "x=1?y");
  request.target = "/a";
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.query(), "");
  request.target = "/a?";
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.query(), "");
}

TEST(PercentDecode, ResolvesEscapesAndLeavesBadOnesAlone) {
  EXPECT_EQ(percent_decode("f%3A%24LATEST"), "f:$LATEST");
  EXPECT_EQ(percent_decode("arn%3aaws"), "arn:aws");
  EXPECT_EQ(percent_decode("a%2Fb+c"), "a/b+c");
  EXPECT_EQ(percent_decode("%"), "%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz%4g%g4"), "%zz%4g%g4");
  EXPECT_EQ(percent_decode("%%41"), "%A");
  EXPECT_EQ(percent_decode("100%25%"), "100%%");
  EXPECT_EQ(percent_decode("%41%42"), "AB");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  EXPECT_EQ(percent_decode("%2541"), "%41");  // decoded once, not twice
  EXPECT_EQ(percent_decode(""), "");
}

TEST(Response, DoesNotLetAValueStartAHeaderOfItsOwn) {
  Response response;
  response.field("X-Id", std::string("a\r\nSet-Cookie: x=1\r\n\r\n<body>\0z", 30));
  EXPECT_EQ(response.fields, "X-Id: aSet-Cookie: x=1<body>z\r\n");
}

TEST(Response, KeepsOrdinaryValuesAsTheyAre) {
  Response response;
  response.field("A", "b; c=\"d\"").field("E", "").field("U", "h\xc3\xa9");
  EXPECT_EQ(response.fields, "A: b; c=\"d\"\r\nE: \r\nU: h\xc3\xa9\r\n");
}

TEST(Response, PrefersASharedBodyOverItsText) {
  Response response = Response::json(202, "text");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.preset, "Content-Type: application/json\r\n");
  EXPECT_EQ(response.body(), "text");
  response.shared = std::make_shared<const std::string>("shared");
  EXPECT_EQ(response.body(), "shared");
  EXPECT_EQ(Response::plain(200, "pong").preset, "Content-Type: text/plain; charset=utf-8\r\n");
}

TEST(ReasonPhrase, ExistsForEveryStatusInUse) {
  for (int status : {100, 200, 202, 204, 400, 403, 404, 405, 409, 413, 429, 431, 500, 503}) {
    EXPECT_NE(reason_phrase(status), "Status") << status;
  }
  EXPECT_EQ(reason_phrase(299), "Status");
}

}  // namespace
}  // namespace coldframe::http
