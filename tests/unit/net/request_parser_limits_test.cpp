// The header limit, and header lines as long as runtimes send them.
#include <gtest/gtest.h>

#include "emulator/net/request_parser.hpp"
#include "tests/unit/net/every_cut.hpp"

namespace coldframe::http {
namespace {

using testing::parse_every_way;
using testing::parse_stream;
using testing::pieces_of;

constexpr std::size_t k_mib = 1024 * 1024;

// A header section of exactly `size` bytes, in lines of about `line` bytes.
std::string head_of(std::size_t size, std::size_t line) {
  std::string text = "GET /x HTTP/1.1\r\n";
  const std::size_t end = size - 2;
  while (text.size() < end) {
    const std::size_t left = end - text.size();
    const std::size_t take = left < 2 * line ? left : line;
    text += "Name: " + std::string(take - 8, 'v') + "\r\n";
  }
  return text + "\r\n";
}

TEST(HeaderLimit, LetsALineOfAMegabyteAndMoreThrough) {
  const std::string cause(k_mib + k_mib / 2, 'x');
  const std::string bytes =
      "POST /error HTTP/1.1\r\nLambda-Runtime-Function-XRay-Error-Cause: " + cause +
      "\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n\r\n";
  for (std::size_t size : {1U, 1460U, 65536U, 262144U, 10'000'000U}) {
    const auto out = parse_stream(bytes, pieces_of(size), {.header = 4 * k_mib});
    ASSERT_EQ(out.requests.size(), 2U) << size;
    ASSERT_EQ(out.requests[0].headers.size(), 2U);
    EXPECT_TRUE(out.requests[0].headers[0].second == cause);
    EXPECT_EQ(out.requests[0].body, "{}");
  }
}

TEST(HeaderLimit, LetsATargetOfAMegabyteThrough) {
  const std::string bytes = "GET /" + std::string(k_mib, 'a') + " HTTP/1.1\r\n\r\n";
  for (std::size_t size : {1U, 65536U}) {
    const auto out = parse_stream(bytes, pieces_of(size), {.header = 2 * k_mib});
    ASSERT_EQ(out.requests.size(), 1U);
    EXPECT_EQ(out.requests[0].target.size(), k_mib + 1);
  }
}

class HeaderLimitAt : public ::testing::TestWithParam<std::size_t> {
 protected:
  static int failure_of(const std::string& bytes) {
    return parse_every_way(bytes, {.header = 2000}).failure;
  }
};

TEST_P(HeaderLimitAt, IsReachedInclusivelyAndCountsTheRequestLine) {
  EXPECT_EQ(failure_of(head_of(2000, GetParam())), 0);
  EXPECT_EQ(failure_of(head_of(2001, GetParam())), 431);
}

TEST_P(HeaderLimitAt, AnswersWith431FarBeyondIt) {
  EXPECT_EQ(failure_of(head_of(20000, GetParam())), 431);
}

INSTANTIATE_TEST_SUITE_P(LinesOf, HeaderLimitAt, ::testing::Values(20, 100, 1000, 100'000));

TEST(HeaderLimit, HoldsAgainstALineWithoutEnd) {
  for (const std::string& start : {std::string("GET /"), std::string("GET / HTTP/1.1\r\nA: ")}) {
    for (std::size_t size : {1U, 7U, 1000U, 100000U}) {
      const auto out =
          parse_stream(start + std::string(50000, 'x'), pieces_of(size), {.header = 2000});
      EXPECT_EQ(out.failure, 431) << size;
    }
  }
}

// Segments that end just inside the next line: each completes a header, none ever ends the section.
TEST(HeaderLimit, HoldsAgainstAnEndlessStreamOfShortHeaders) {
  RequestParser parser(10'000);
  parser.feed("GET / HTTP/1.1\r\nA");
  std::size_t fed = 0;
  while (parser.state() == RequestParser::State::head && fed < 1'000'000) {
    fed += parser.feed(": b\r\nA");
  }
  EXPECT_EQ(parser.state(), RequestParser::State::failed);
  EXPECT_EQ(parser.failure_status(), 431);
  EXPECT_LE(fed, 10'100U);
}

TEST(HeaderLimit, StartsAgainForEachRequestOfAConnection) {
  std::string bytes;
  for (int i = 0; i < 10; ++i)
    bytes += head_of(1500, 100);
  for (std::size_t size : {1U, 100U, 4096U}) {
    const auto out = parse_stream(bytes, pieces_of(size), {.header = 2000});
    EXPECT_EQ(out.requests.size(), 10U);
    EXPECT_EQ(out.failure, 0);
  }
}

}  // namespace
}  // namespace coldframe::http
