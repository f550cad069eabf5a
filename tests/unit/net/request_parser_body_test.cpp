// Bodies: chunked framing, trailers, limits, and the room for reading large ones in place.
#include <gtest/gtest.h>

#include "emulator/net/request_parser.hpp"
#include "tests/unit/net/every_cut.hpp"

namespace coldframe::http {
namespace {

using testing::parse_every_way;
using testing::parse_stream;
using testing::pieces_of;
using testing::StreamLimits;

std::string chunked(const std::string& rest, const std::string& more_headers = "") {
  return "POST /r HTTP/1.1\r\n" + more_headers + "Transfer-Encoding: chunked\r\n\r\n" + rest;
}

constexpr const char* k_get = "GET /after HTTP/1.1\r\n\r\n";

TEST(ChunkedBody, IsJoinedAndThePipelinedNextRequestFollows) {
  const auto out =
      parse_every_way(chunked("5\r\nhello\r\nA\r\n\r\n world\r\n\r\n0\r\n\r\n") + k_get);
  ASSERT_EQ(out.requests.size(), 2U);
  EXPECT_TRUE(out.requests[0].chunked);
  EXPECT_EQ(out.requests[0].body, "hello\r\n world\r\n");
  EXPECT_EQ(out.requests[1].target, "/after");
}

TEST(ChunkedBody, MayBeEmpty) {
  const auto out = parse_every_way(chunked("0\r\n\r\n"));
  ASSERT_EQ(out.requests.size(), 1U);
  EXPECT_EQ(out.requests[0].body, "");
}

TEST(ChunkedBody, MayCarryExtensionsAndAnyCaseOfDigits) {
  const auto out =
      parse_every_way(chunked("0a;name=value;q=\"x y\"\r\n0123456789\r\n00;last\r\n\r\n"));
  ASSERT_EQ(out.requests.size(), 1U);
  EXPECT_EQ(out.requests[0].body, "0123456789");
}

// The Go client always declares both trailers and leaves them out when all went well.
TEST(ChunkedBody, OfGoHasDeclaredButMissingTrailers) {
  const auto out = parse_every_way(chunked("2\r\n{}\r\n0\r\n\r\n",
                                           "Trailer: Lambda-Runtime-Function-Error-Type\r\n"
                                           "Trailer: Lambda-Runtime-Function-Error-Body\r\n"));
  ASSERT_EQ(out.requests.size(), 1U);
  EXPECT_EQ(out.requests[0].body, "{}");
  EXPECT_TRUE(out.requests[0].trailers.empty());
}

TEST(ChunkedBody, KeepsDeclaredAndUndeclaredTrailersApartFromTheHeaders) {
  const auto out =
      parse_every_way(chunked("2\r\n{}\r\n0\r\nLambda-Runtime-Function-Error-Type: F.Boom\r\n"
                              "Undeclared: yes\r\n\r\n",
                              "Trailer: Lambda-Runtime-Function-Error-Type\r\n") +
                      k_get);
  ASSERT_EQ(out.requests.size(), 2U);
  const std::vector<std::pair<std::string, std::string>> wanted{
      {"Lambda-Runtime-Function-Error-Type", "F.Boom"}, {"Undeclared", "yes"}};
  EXPECT_EQ(out.requests[0].trailers, wanted);
  EXPECT_EQ(out.requests[0].headers.size(), 2U);
}

TEST(ChunkedBody, IsRefusedWhenItsFramingIsBroken) {
  for (const char* rest :
       {"xyz\r\n", "\r\n\r\n\r\n", "5 \r\nhello\r\n", "-5\r\nhello\r\n", "5\r\nhello!\r\n0\r\n\r\n",
        "10000000000000000\r\nx", "0\r\nbad trailer\r\n\r\n", "0\r\nContent-Length: 3\r\n\r\n",
        "0\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    const auto out = parse_every_way(chunked(rest));
    EXPECT_EQ(out.failure, 400) << rest;
    EXPECT_TRUE(out.requests.empty()) << rest;
  }
}

TEST(ChunkedBody, RefusesAChunkHeadOrTrailerThatNeverEnds) {
  const StreamLimits limits{.header = 1000, .body = 100};
  EXPECT_EQ(parse_every_way(chunked("5;" + std::string(3000, 'x')), limits).failure, 400);
  std::string trailers;
  for (int i = 0; i < 300; ++i)
    trailers += "Name: value\r\n";
  EXPECT_EQ(parse_every_way(chunked("0\r\n" + trailers), limits).failure, 400);
}

TEST(ChunkedBody, CountsAChunkHeadAndTheTrailersAgainstTheHeaderLimitHoweverTheyAreCut) {
  const StreamLimits limits{.header = 300, .body = 1000};
  const auto trailers = [](std::size_t size) {  // with the last chunk's head and the empty line
    return chunked("0\r\nT: " + std::string(size - 10, 'v') + "\r\n\r\n") + k_get;
  };
  EXPECT_EQ(parse_every_way(trailers(300), limits).requests.size(), 2U);
  EXPECT_EQ(parse_every_way(trailers(301), limits).failure, 400);
  EXPECT_EQ(parse_every_way(trailers(5000), limits).failure, 400);
  const auto chunk_head = [](std::size_t size) {
    return chunked("1;" + std::string(size - 4, 'x') + "\r\nb\r\n0\r\n\r\n") + k_get;
  };
  EXPECT_EQ(parse_every_way(chunk_head(300), limits).requests.size(), 2U);
  EXPECT_EQ(parse_every_way(chunk_head(301), limits).failure, 400);
  EXPECT_EQ(parse_every_way(chunk_head(5000), limits).failure, 400);
}

TEST(BodyLimit, LetsExactlyTheLimitThroughInBothFramings) {
  const StreamLimits limits{.body = 10};
  const auto plain =
      parse_every_way("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789", limits);
  ASSERT_EQ(plain.requests.size(), 1U);
  EXPECT_FALSE(plain.requests[0].too_large);
  EXPECT_EQ(plain.requests[0].body, "0123456789");
  const auto pieces = parse_every_way(chunked("4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"), limits);
  ASSERT_EQ(pieces.requests.size(), 1U);
  EXPECT_FALSE(pieces.requests[0].too_large);
  EXPECT_EQ(pieces.requests[0].body, "0123456789");
}

TEST(BodyLimit, DropsALongerBodyToItsEndAndGoesOnWithTheNextRequest) {
  const StreamLimits limits{.body = 10};
  for (const std::string& bytes :
       {"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n0123456789X" + std::string(k_get),
        chunked("4\r\n0123\r\n6\r\n456789\r\n1\r\nX\r\n0\r\nT: 1\r\n\r\n") + k_get}) {
    const auto out = parse_every_way(bytes, limits);
    ASSERT_EQ(out.requests.size(), 2U);
    EXPECT_TRUE(out.requests[0].too_large);
    EXPECT_FALSE(out.requests[1].too_large);
    EXPECT_EQ(out.requests[1].target, "/after");
  }
}

TEST(BodyLimit, OfZeroAllowsNoBodyAtAll) {
  const StreamLimits limits{.body = 0};
  EXPECT_FALSE(parse_every_way("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", limits)
                   .requests[0]
                   .too_large);
  EXPECT_TRUE(parse_every_way("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", limits)
                  .requests[0]
                  .too_large);
  EXPECT_FALSE(parse_every_way(chunked("0\r\n\r\n"), limits).requests[0].too_large);
  EXPECT_TRUE(parse_every_way(chunked("1\r\nx\r\n0\r\n\r\n"), limits).requests[0].too_large);
}

TEST(BodyLimit, IsKnownAtOnceForADeclaredLengthAndReservesNothing) {
  RequestParser parser(4096);
  parser.feed("POST / HTTP/1.1\r\nContent-Length: 9000000000000000000\r\n\r\n");
  ASSERT_EQ(parser.state(), RequestParser::State::head_done);
  parser.body_limit(1000);
  parser.feed({});
  EXPECT_TRUE(parser.body_too_large());
  EXPECT_EQ(parser.remaining(), 9000000000000000000U);
  EXPECT_LT(parser.request().body.capacity(), 4096U);
  EXPECT_EQ(parser.feed("abc"), 3U);
  EXPECT_EQ(parser.remaining(), 8999999999999999997U);
  EXPECT_TRUE(parser.request().body.empty());
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

TEST(LargeBody, ArrivesUnchangedInPlaceAndByFeeding) {
  const std::string body = pattern(3'000'001);
  const std::string bytes = "POST / HTTP/1.1\r\nContent-Length: 3000001\r\n\r\n" + body + k_get;
  for (const bool direct : {true, false}) {
    for (std::size_t size : {4096U, 65537U, 262144U, 1000003U}) {
      const StreamLimits limits{.body = 4'000'000, .direct = direct};
      const auto out = parse_stream(bytes, pieces_of(size), limits);
      ASSERT_EQ(out.requests.size(), 2U);
      EXPECT_TRUE(out.requests[0].body == body);
    }
  }
}

TEST(LargeBody, ArrivesUnchangedInChunks) {
  const std::string body = pattern(1'000'000);
  std::string rest;
  for (std::size_t at = 0; at < body.size(); at += 32768) {
    const auto piece = body.substr(at, 32768);
    char head[32];
    std::snprintf(head, sizeof head, "%zx\r\n", piece.size());
    rest += head + piece + "\r\n";
  }
  const std::string bytes = chunked(rest + "0\r\n\r\n") + k_get;
  for (std::size_t size : {977U, 65536U, 262144U}) {
    const auto out = parse_stream(bytes, pieces_of(size), {.body = 1'000'000});
    ASSERT_EQ(out.requests.size(), 2U);
    EXPECT_TRUE(out.requests[0].body == body);
  }
}

TEST(LargeBody, HasRoomBehindItForAJsonParser) {
  const std::string body = pattern(100'000);
  RequestParser parser(4096);
  parser.feed("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
  parser.body_limit(200'000);
  parser.feed({});
  parser.feed(body);
  ASSERT_EQ(parser.state(), RequestParser::State::done);
  EXPECT_GE(parser.request().body.capacity(), body.size() + k_body_padding);

  RequestParser other(4096);
  other.feed(chunked(""));
  other.body_limit(200'000);
  other.feed("186a0\r\n" + body + "\r\n0\r\n\r\n");
  ASSERT_EQ(other.state(), RequestParser::State::done);
  EXPECT_GE(other.request().body.capacity(), body.size() + k_body_padding);
}

TEST(LargeBody, OffersDirectRoomOnlyForAPlainBodyThatIsAllowed) {
  RequestParser parser(4096);
  EXPECT_EQ(parser.direct_space().second, 0U);
  parser.feed("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(parser.direct_space().second, 0U);
  parser.body_limit(99'999);
  parser.feed({});
  EXPECT_EQ(parser.direct_space().second, 0U) << "too large: it is read to be dropped";
}

}  // namespace
}  // namespace coldframe::http
