#include "emulator/net/request_parser.hpp"

#include <gtest/gtest.h>

#include "tests/unit/net/every_cut.hpp"

namespace coldframe::http {
namespace {

using testing::parse_every_way;
using testing::parse_stream;
using testing::pieces_of;
using testing::whole;

int failure_of(const std::string& bytes) {
  const auto out = parse_every_way(bytes);
  EXPECT_TRUE(out.requests.empty());
  return out.failure;
}

constexpr const char* k_next =
    "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(RequestParser, ReadsAGetWithItsHeaders) {
  const auto out =
      parse_every_way("GET /a?b=c%20d HTTP/1.1\r\nHost: x:1\r\nX-Empty:\r\nx-Two:  v w \t\r\n\r\n");
  ASSERT_EQ(out.requests.size(), 1U);
  const auto& r = out.requests[0];
  EXPECT_EQ(r.method, Method::get);
  EXPECT_EQ(r.target, "/a?b=c%20d");
  EXPECT_TRUE(r.keep_alive);
  EXPECT_FALSE(r.chunked);
  EXPECT_EQ(r.body, "");
  const std::vector<std::pair<std::string, std::string>> wanted{
      {"Host", "x:1"}, {"X-Empty", ""}, {"x-Two", "v w"}};
  EXPECT_EQ(r.headers, wanted);
}

TEST(RequestParser, KnowsTheMethodsAndLetsOthersBeOther) {
  const std::pair<const char*, Method> methods[] = {
      {"GET", Method::get},     {"POST", Method::post},  {"PUT", Method::put},
      {"HEAD", Method::head},   {"DELETE", Method::del}, {"OPTIONS", Method::options},
      {"PATCH", Method::other}, {"BREW", Method::other}, {"get", Method::other}};
  for (auto& [name, method] : methods) {
    const auto out = parse_every_way(std::string(name) + " / HTTP/1.1\r\n\r\n");
    ASSERT_EQ(out.requests.size(), 1U) << name;
    EXPECT_EQ(out.requests[0].method, method) << name;
  }
}

TEST(RequestParser, ReadsABodyOfDeclaredLength) {
  const auto out = parse_every_way("POST /x HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello\r\nGET ");
  ASSERT_EQ(out.requests.size(), 1U);
  EXPECT_EQ(out.requests[0].body, "hello\r\nGET ");
}

TEST(RequestParser, LeavesTheRemainderToThePipelinedNextRequest) {
  const std::string post = "POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
  const auto out = parse_every_way(post + k_next + post + post + k_next);
  ASSERT_EQ(out.requests.size(), 5U);
  EXPECT_EQ(out.requests[0].body, "abc");
  EXPECT_EQ(out.requests[1].target, "/2018-06-01/runtime/invocation/next");
  EXPECT_EQ(out.requests[1].body, "");
  EXPECT_EQ(out.requests[3].body, "abc");
  EXPECT_FALSE(out.unfinished);
}

TEST(RequestParser, TakesOnlyTheBytesOfItsOwnRequest) {
  RequestParser parser(4096);
  const std::string first = k_next;
  EXPECT_EQ(parser.feed(first + "GET /second"), first.size());
  EXPECT_EQ(parser.state(), RequestParser::State::head_done);
  EXPECT_EQ(parser.feed("GET /second"), 0U);
  EXPECT_EQ(parser.state(), RequestParser::State::done);
  EXPECT_EQ(parser.feed("GET /second"), 0U);
}

TEST(RequestParser, SkipsEmptyLinesBeforeTheRequestLine) {
  const auto out = parse_every_way("\r\n\r\n\n" + std::string(k_next) + "\r\n" + k_next + "\r\n");
  EXPECT_EQ(out.requests.size(), 2U);
  EXPECT_EQ(out.failure, 0);
  EXPECT_FALSE(out.unfinished);
}

TEST(RequestParser, TellsThatTheStreamEndedInsideARequest) {
  EXPECT_TRUE(parse_every_way("GET / HT").unfinished);
  EXPECT_TRUE(parse_every_way("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcd").unfinished);
  EXPECT_TRUE(
      parse_every_way("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab").unfinished);
}

TEST(RequestParser, KnowsWhetherThePeerKeepsTheConnection) {
  auto keeps = [](const std::string& head) {
    const auto out = parse_every_way(head + "\r\n\r\n");
    EXPECT_EQ(out.requests.size(), 1U) << head;
    return !out.requests.empty() && out.requests[0].keep_alive;
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nConnection: close"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nconnection: Keep-Alive, CLOSE"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive"));
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c"));
}

TEST(RequestParser, TakesTheAbsoluteFormOfATargetForItsPath) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://127.0.0.1:9000/a/b?c=http://d/e", "/a/b?c=http://d/e"},
      {"HTTPS://host/", "/"},
      {"http://host", "/"},
      {"http://host?x=1", "/?x=1"},
      {"/http://host/a", "/http://host/a"},
      {"http:///a", "http:///a"},
      {"ftp://host/a", "ftp://host/a"},
      {"host:443", "host:443"},
      {"*", "*"}};
  for (const auto& [sent, meant] : cases) {
    const auto out =
        parse_every_way("POST " + std::string(sent) + " HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
    ASSERT_EQ(out.requests.size(), 1U) << sent;
    EXPECT_EQ(out.requests[0].target, meant) << sent;
    EXPECT_EQ(out.requests[0].body, "abc") << sent;
  }
}

TEST(RequestParser, AcceptsARepeatedEqualContentLength) {
  for (const char* repeat : {"Content-Length: 3\r\nContent-Length: 3", "content-length: 3, 3",
                             "Content-Length: 3\r\nX: y\r\nCONTENT-LENGTH: 3"}) {
    const auto out = parse_every_way("POST / HTTP/1.1\r\n" + std::string(repeat) + "\r\n\r\nabc");
    ASSERT_EQ(out.requests.size(), 1U) << repeat;
    EXPECT_EQ(out.requests[0].body, "abc");
  }
}

TEST(RequestParser, RefusesAnAmbiguousOrMalformedLength) {
  for (const char* lengths :
       {"Content-Length: 3\r\nContent-Length: 4", "Content-Length: 3, 4", "Content-Length: 3,",
        "Content-Length: -3", "Content-Length: +3", "Content-Length: 0x3", "Content-Length: three",
        "Content-Length:", "Content-Length: 18446744073709551616",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"}) {
    EXPECT_EQ(failure_of("POST / HTTP/1.1\r\n" + std::string(lengths) + "\r\n\r\nabc"), 400)
        << lengths;
  }
}

// RFC 9112 §6.3: with a coding that is not chunked at the end nobody knows where the body ends; to
// take it for no body makes the body's bytes the next request.
TEST(RequestParser, RefusesATransferCodingThatDoesNotEndInChunked) {
  for (const char* coding : {"gzip", "identity", "chunked, gzip", "chunkedx"}) {
    const auto out = parse_stream(
        "POST / HTTP/1.1\r\nTransfer-Encoding: " + std::string(coding) + "\r\n\r\n" + k_next,
        whole());
    EXPECT_EQ(out.failure, 400) << coding;
    EXPECT_EQ(out.requests.size(), 0U) << coding;
  }
}

TEST(RequestParser, RefusesGarbage) {
  for (const std::string bytes :
       {"\x16\x03\x01\x02\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n\r\n", "GET / HTTP/1.1\r\nA B: x\r\n\r\n",
        "GET / HTTP/1.1\r\nA: x\x01y\r\n\r\n", "GET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\nA: b\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n", "{\"json\":1}\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n"}) {
    EXPECT_EQ(failure_of(bytes), 400) << bytes;
  }
  EXPECT_EQ(failure_of(std::string("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24)), 400);
}

// Whoever speaks TLS to this port waits for an answer: it must not be kept waiting for a line end
// that its random bytes need not contain.
TEST(RequestParser, RefusesATlsHelloByItsFirstBytes) {
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  EXPECT_EQ(parse_stream(hello, whole()).failure, 400);
  EXPECT_EQ(parse_stream(hello, pieces_of(1)).failure, 400);
}

TEST(RequestParser, RefusesABareLineFeedAheadOfALimitThatIsExceededLater) {
  const testing::StreamLimits limits{.header = 100};
  const std::string head = "GET / HTTP/1.1\r\nA: b\nC: " + std::string(200, 'd');
  EXPECT_EQ(parse_every_way(head, limits).failure, 400);
}

TEST(RequestParser, ReadsAnObsoleteFoldedHeaderTheSameWayInEveryCut) {
  const auto out = parse_every_way("GET / HTTP/1.1\r\nA: one\r\n two\r\n\tthree\r\nB: x\r\n\r\n");
  ASSERT_EQ(out.requests.size(), 1U);
  EXPECT_EQ(out.requests[0].headers.size(), 2U);
}

}  // namespace
}  // namespace coldframe::http
