#include "emulator/net/plain_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/net/plain_head_rule.hpp"

namespace coldframe::http {
namespace {

using testing::broken_plain_head_rule;

std::optional<std::size_t> read(const std::string& section, Request& request) {
  EXPECT_EQ(broken_plain_head_rule(section), "") << section;
  return read_plain_head(section, request);
}

bool is_plain(const std::string& section) {
  Request request;
  const bool plain = read(section, request).has_value();
  if (!plain) {
    EXPECT_TRUE(request.target.empty() && request.headers.size() == 0) << section;
  }
  return plain;
}

TEST(PlainHead, IsReadWithItsHeadersAndItsLength) {
  Request request;
  const auto length = read(
      "POST /a?b=c HTTP/1.1\r\nHost: x:1\r\nX-Empty:\r\ncontent-LENGTH:  42 \r\nX-Two: v w\r\n\r\n",
      request);
  EXPECT_EQ(length, 42U);
  EXPECT_EQ(request.method, Method::post);
  EXPECT_EQ(request.target, "/a?b=c");
  ASSERT_EQ(request.headers.size(), 4U);
  EXPECT_EQ(request.headers.find("x-empty"), "");
  EXPECT_EQ(request.headers.find("Content-Length"), "42");
  EXPECT_EQ(request.headers.name(3), "X-Two");
  EXPECT_EQ(request.headers.find("x-two"), "v w");
}

TEST(PlainHead, OfAGetHasNoLength) {
  Request request;
  EXPECT_EQ(read("GET /next HTTP/1.1\r\n\r\n", request), 0U);
  EXPECT_EQ(request.method, Method::get);
}

TEST(PlainHead, LeavesToBeastWhatIsUnusualWhetherRightOrWrong) {
  for (const char* line :
       {"PUT / HTTP/1.1\r\n", "GET / HTTP/1.0\r\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/1.1 \r\n",
        "GET /\xc3\xa4 HTTP/1.1\r\n", "GET HTTP/1.1\r\n", "get / HTTP/1.1\r\n",
        "GET http://h/ HTTP/1.1\r\n", "GET * HTTP/1.1\r\n", "POST\r\n", "\r\n"}) {
    EXPECT_FALSE(is_plain(std::string(line) + "Host: x\r\n\r\n")) << line;
  }
  for (const char* header : {"Connection: close",
                             "connection: keep-alive",
                             "Transfer-Encoding: chunked",
                             "Upgrade: h2c",
                             "Proxy-Connection: close",
                             "Content-Length: 1\r\nContent-Length: 1",
                             "Content-Length: -1",
                             "Content-Length: ",
                             "Content-Length: 1x",
                             "Content-Length: 0x10",
                             "Content-Length: 1234567890123456",
                             "X Y: z",
                             "X : z",
                             ": z",
                             "X",
                             "X: a\tb",
                             "X: \x01",
                             "X: \x7f",
                             "X: \xc3\xa4",
                             "X: a\r\n folded",
                             "X: a\rb",
                             "X: a\nb",
                             "\xc3\xa4: x"}) {
    EXPECT_FALSE(is_plain("POST / HTTP/1.1\r\n" + std::string(header) + "\r\n\r\n")) << header;
  }
}

TEST(PlainHead, IsWhatTheClientsOfLambdaSend) {
  for (const char* head :
       {"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n"
        "User-Agent: AWS_Lambda_Cpp/0.0.0\r\nAccept: */*\r\n\r\n",
        "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response "
        "HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nAccept: */*\r\ncontent-type: application/json\r\n"
        "lambda-runtime-invocation-id: 5e0d8a4c-7b1f-4a52-9c3e-2f6b8d1a7c90\r\n"
        "content-length: 100\r\n\r\n",
        "POST /2015-03-31/functions/scoring/invocations HTTP/1.1\r\nHost: 127.0.0.1:9000\r\n"
        "Accept-Encoding: identity\r\nX-Amz-Log-Type: Tail\r\n"
        "User-Agent: Boto3/1.35 md/Botocore#1.35 ua/2.0 os/linux#6.1\r\nX-Amz-Date: "
        "20261124T120000Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/b, Signature=c\r\n"
        "amz-sdk-invocation-id: 1\r\nContent-Length: 2\r\n\r\n"}) {
    EXPECT_TRUE(is_plain(head)) << head;
  }
}

}  // namespace
}  // namespace coldframe::http
