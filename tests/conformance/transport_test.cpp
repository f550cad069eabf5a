// How requests arrive: conformance case 24; split, pipelined, slow and odd ones.
#include <gtest/gtest.h>

#include "tests/conformance/texts.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using Case24 = StubFixture;
TEST_F(Case24, AnUnknownPathIsNotFoundAndAWrongMethodNotAllowed) {
  auto runtime = (start(), warm_runtime());
  StubRuntime other(*this, launcher.latest().port());
  for (const char* path : {"/2018-06-01/runtime/nope", "/2018-06-01/runtime/invocation/x/nope", "/",
                           "/2015-03-31/functions/f/invocations",
                           "/2018-06-01/runtime/restore/next", "/2021-04-23/credentials"}) {
    EXPECT_EQ(other.get(path).status, 404) << path;
  }
  EXPECT_EQ(other.post(k_next, "").status, 405);
  EXPECT_EQ(other.get(response_path("x")).status, 405);
  EXPECT_EQ(other.get(error_path("x")).status, 405);
  EXPECT_EQ(other.get(k_init_error).status, 405);
  // None of them has disturbed the poll that waits.
  auto caller = call("{}");
  runtime.serve("1");
  EXPECT_EQ(caller.finish().body, "1");
}

TEST_F(Case24, PingIsAnsweredWithPong) {
  auto runtime = (start(), warm_runtime());
  StubRuntime other(*this, launcher.latest().port());
  const auto pong = other.get("/2018-06-01/ping");
  EXPECT_EQ(pong.status, 200);
  EXPECT_EQ(pong.body, "pong");
}

using SplitRequests = StubFixture;
TEST_F(SplitRequests, ARuntimeThatSendsSingleBytesIsServed) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  auto& link = runtime.link();
  link.send_bytewise(http_request("GET", k_next));
  const auto event = link.read_reply();
  EXPECT_EQ(event.status, 200);
  link.send_bytewise(http_request(
      "POST", response_path(event.header("Lambda-Runtime-Aws-Request-Id")), "\"by the byte\""));
  EXPECT_EQ(link.read_reply().status, 202);
  EXPECT_EQ(caller.finish().body, "\"by the byte\"");
}

TEST_F(SplitRequests, ChunksAndTrailersInSingleBytesAreServed) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send_bytewise(http_request("POST", response_path(id), "",
                                            {{"Transfer-Encoding", "chunked"},
                                             {"Trailer", "Lambda-Runtime-Function-Error-Type"}}) +
                               http_chunk("[1,") + http_chunk("2]") +
                               "0\r\nLambda-Runtime-Function-Error-Type: \r\n\r\n");
  EXPECT_EQ(runtime.link().read_reply().status, 202);
  EXPECT_EQ(caller.finish().body, "[1,2]");
}

TEST_F(SplitRequests, ACallerThatSendsSingleBytesIsServed) {
  start();
  RawHttpClient slow(*this, port());
  slow.send_bytewise(http_request("POST", invoke_path("f"), R"({"slow":true})"));
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.serve("\"served\"").body(), R"({"slow":true})");
  EXPECT_EQ(slow.read_reply().body, "\"served\"");
}

using PipelinedRequests = StubFixture;
TEST_F(PipelinedRequests, ResponseAndNextInOneWriteAreAnsweredInOrder) {
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send(http_request("POST", response_path(id), "\"one\"") +
                      http_request("GET", k_next));
  EXPECT_EQ(runtime.link().read_reply().status, 202);
  EXPECT_EQ(first.finish().body, "\"one\"");
  auto second = call("2");
  const auto event = runtime.link().read_reply();
  EXPECT_EQ(event.body, "2");
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(PipelinedRequests, AThousandPingsInOneWriteAreAllAnswered) {
  auto runtime = (start(), warm_runtime());
  RawHttpClient link(*this, launcher.latest().port());
  std::string all;
  for (int i = 0; i < 1000; ++i)
    all += http_request("GET", "/2018-06-01/ping");
  link.send(all);
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(link.read_reply().body, "pong") << i;
  EXPECT_TRUE(link.quiet());
}

TEST_F(PipelinedRequests, TwoInvokesOfOneCallerAreAnsweredInOrder) {
  start();
  RawHttpClient both(*this, port());
  both.send(http_request("POST", invoke_path("f"), "1") +
            http_request("POST", invoke_path("f"), "2"));
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.serve("\"one\"").body(), "1");
  EXPECT_EQ(runtime.serve("\"two\"").body(), "2");
  EXPECT_EQ(both.read_reply().body, "\"one\"");
  EXPECT_EQ(both.read_reply().body, "\"two\"");
}

using OddRequests = StubFixture;
TEST_F(OddRequests, AnEqualContentLengthMayStandTwiceAsLibcurlSendsIt) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send(http_request("POST", response_path(id), "\"two\"",
                                   {{"Content-Length", "5"}, {"Content-Length", "5"}}));
  EXPECT_EQ(runtime.link().read_reply().status, 202);
  EXPECT_EQ(caller.finish().body, "\"two\"");
}

TEST_F(OddRequests, DifferingLengthsAreRefusedAndTheInvokeStaysOpen) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send(http_request("POST", response_path(id), "\"two\"",
                                   {{"Content-Length", "5"}, {"Content-Length", "6"}}));
  EXPECT_EQ(runtime.link().read_reply().status, 400);
  EXPECT_TRUE(runtime.link().ends());
  EXPECT_FALSE(caller.answered());
  runtime.reconnect();
  EXPECT_EQ(runtime.post(response_path(id), "\"right\"").status, 202);
  EXPECT_EQ(caller.finish().body, "\"right\"");
}

TEST_F(OddRequests, AHeaderLineOfTwoMebibytesIsAccepted) {
  auto runtime = (start(), warm_runtime());
  StubRuntime other(*this, launcher.latest().port());
  const auto reply =
      other.link().request("GET", "/2018-06-01/ping", "", {{"X-Long", std::string(2 << 20, 'h')}});
  EXPECT_EQ(reply.body, "pong");
}

TEST_F(OddRequests, TheAbsoluteFormOfATargetReachesBothApis) {
  start();
  RawHttpClient caller(*this, port());
  caller.send(http_request("POST", "http://127.0.0.1" + invoke_path("f"), "{}"));
  auto runtime = next_runtime();
  runtime.link().send(http_request("GET", "http://127.0.0.1" + std::string(k_next)));
  const auto event = runtime.link().read_reply();
  EXPECT_EQ(event.status, 200);
  const auto path = response_path(event.header("Lambda-Runtime-Aws-Request-Id"));
  runtime.link().send(http_request("POST", "http://127.0.0.1" + path, "\"far\""));
  EXPECT_EQ(runtime.link().read_reply().status, 202);
  EXPECT_EQ(caller.read_reply().body, "\"far\"");
}

TEST_F(OddRequests, ALargeUploadThatAsksFirstIsToldToContinue) {
  start();
  RawHttpClient curl(*this, port());
  const std::string body = '"' + std::string(2 * 1024 * 1024, 'u') + '"';
  curl.send("POST " + invoke_path("f") + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" +
            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(curl.read_reply().status, 100);
  curl.send(body);
  auto runtime = next_runtime();
  EXPECT_TRUE(runtime.serve("1").body() == body);
  EXPECT_EQ(curl.read_reply().body, "1");
}

TEST_F(OddRequests, AnOldClientWithoutKeepAliveGetsItsAnswerAndTheEnd) {
  start();
  RawHttpClient old(*this, port());
  old.send("POST " + invoke_path("f") + " HTTP/1.0\r\nContent-Length: 1\r\n\r\n5");
  auto runtime = next_runtime();
  runtime.serve("6");
  EXPECT_EQ(old.read_reply().body, "6");
  EXPECT_TRUE(old.ends());
}

TEST_F(OddRequests, ACallerThatHasClosedItsHalfStillGetsItsAnswer) {
  start();
  auto caller = call("{}");
  caller.link().finish_sending();
  auto runtime = next_runtime();
  runtime.serve("\"there\"");
  EXPECT_EQ(caller.finish().body, "\"there\"");
}

}  // namespace
}  // namespace coldframe::testing
