// The runtime posts a response: conformance cases 7, 8, 10, 11 and 14–18.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/conformance/texts.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t k_largest = 6291556;

std::string json_string(std::size_t bytes) { return '"' + std::string(bytes - 2, 'r') + '"'; }

// The caller's view of a function error.
void expect_unhandled(const HttpReply& answer) {
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
}

using Case07 = StubFixture;
TEST_F(Case07, AResponseIsAcceptedAndReachesTheCallerByteForByte) {
  const std::string body("{\"x\":1.10,\"x\":2}\n\0\xff!",
                         20);  // not even JSON: passed all the same
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  const auto reply = runtime.respond(body);
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.header("Content-Type"), "application/json");
  EXPECT_EQ(reply.body, k_accepted);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, body);
  EXPECT_FALSE(answer.has("X-Amz-Function-Error"));
}

TEST_F(Case07, ARuntimeThatSendsNoContentTypeOrAnOddOneIsServedAlike) {
  auto runtime = (start(), warm_runtime());
  for (const HeaderList& headers :
       {HeaderList{}, HeaderList{{"Content-Type", "application/octet-stream"}},
        HeaderList{{"Content-Type", "application/unknown"}}}) {
    auto caller = call("{}");
    runtime.next();
    EXPECT_EQ(runtime.respond("\"same\"", headers).status, 202);
    const auto answer = caller.finish();
    EXPECT_EQ(answer.body, "\"same\"");
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    runtime.ask_next();
  }
}

using Case08 = StubFixture;
TEST_F(Case08, AForeignIdIsRefusedAndTheInvokeCanStillBeAnswered) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  const auto reply = runtime.post(response_path("11111111-1111-4111-8111-111111111111"), "\"bad\"");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, k_invalid_id);
  EXPECT_FALSE(caller.answered());
  EXPECT_EQ(runtime.respond("\"good\"").status, 202);
  EXPECT_EQ(caller.finish().body, "\"good\"");
}

using Case10 = StubFixture;
TEST_F(Case10, ASecondResponseIsRefusedAndTheCallerSeesOnlyTheFirst) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  EXPECT_EQ(runtime.respond("\"first\"").status, 202);
  auto again = runtime.respond("\"second\"");
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(again.body, not_allowed("RuntimeResponseSentState", "InvocationResponse"));
  again = runtime.error("{}");
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(again.body, not_allowed("RuntimeResponseSentState", "InvocationErrorResponse"));
  EXPECT_EQ(caller.finish().body, "\"first\"");
  EXPECT_TRUE(caller.link().quiet());
}

TEST_F(Case10, AfterTheNextPollThePostFindsNoSuchRequest) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.serve("\"first\"").id;
  caller.finish();
  ASSERT_TRUE(until([&] { return records.count(id) == 1; }));
  StubRuntime second_connection(*this, launcher.latest().port());
  const auto late = second_connection.post(response_path(id), "\"late\"");
  EXPECT_EQ(late.status, 400);
  EXPECT_EQ(late.body, k_invalid_id);
  auto next_caller = call("{}");
  runtime.serve("\"its own\"");
  EXPECT_EQ(next_caller.finish().body, "\"its own\"");
}

using Case11 = StubFixture;
TEST_F(Case11, APostBeforeAnyEventFindsNoSuchRequest) {
  options.provisioned = 1;
  start();
  auto runtime = next_runtime();
  const std::string id = "22222222-2222-4222-8222-222222222222";
  auto reply = runtime.post(response_path(id), "{}");  // Started
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, k_invalid_id);
  StubRuntime poll(*this, launcher.latest().port());
  poll.ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  for (const auto& path : {response_path(id), error_path(id)}) {  // Ready
    reply = runtime.post(path, "{}");
    EXPECT_EQ(reply.status, 400) << path;
    EXPECT_EQ(reply.body, k_invalid_id) << path;
  }
}

using Case14 = StubFixture;
TEST_F(Case14, TheLargestResponseArrivesWhole) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  const auto body = json_string(k_largest);
  EXPECT_EQ(runtime.respond(body).status, 202);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.header("Content-Length"), "6291556");
  EXPECT_TRUE(answer.body == body);
}

TEST_F(Case14, TheLargestResponseInChunksArrivesWhole) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  const auto body = json_string(k_largest);
  auto& link = runtime.link();
  link.send(http_request("POST", response_path(id), "", {{"Transfer-Encoding", "chunked"}}));
  for (std::size_t at = 0; at < body.size(); at += 100000) {
    link.send(http_chunk(std::string_view(body).substr(at, 100000)));
  }
  link.send("0\r\n\r\n");
  EXPECT_EQ(link.read_reply().status, 202);
  EXPECT_TRUE(caller.finish().body == body);
}

using Case15 = StubFixture;
TEST_F(Case15, OneByteMoreIsRefusedWithTheExactTextsAndTheRuntimeGoesOn) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  const auto reply = runtime.respond(json_string(k_largest + 1));
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.body, k_response_too_large);
  const auto answer = caller.finish();
  expect_unhandled(answer);
  EXPECT_EQ(answer.body, k_oversize);
  runtime.ask_next();
  auto next_caller = call("{}");
  runtime.serve("\"well again\"");
  EXPECT_EQ(next_caller.finish().body, "\"well again\"");
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(Case15, OneByteMoreInChunksIsRefusedAlike) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send(
      http_request("POST", response_path(id), "", {{"Transfer-Encoding", "chunked"}}) +
      http_chunk(json_string(k_largest + 1)) + "0\r\n\r\n");
  const auto reply = runtime.link().read_reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.body, k_response_too_large);
  EXPECT_EQ(caller.finish().body, k_oversize);
}

using Case16 = StubFixture;
TEST_F(Case16, ABodyThatBreaksOffIsToldToTheCallerAsTruncated) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send(
      http_request("POST", response_path(id), std::string(50, 'x'), {{"Content-Length", "100"}}));
  runtime.link().close();
  const auto answer = caller.finish();
  expect_unhandled(answer);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["errorType"], "Runtime.TruncatedResponse");
}

TEST_F(Case16, ARuntimeThatStillListensIsToldThatItsBodyWasTruncated) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send(
      http_request("POST", response_path(id), std::string(50, 'x'), {{"Content-Length", "100"}}));
  runtime.link().finish_sending();
  const auto reply = runtime.link().read_reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, k_truncated);
  EXPECT_TRUE(runtime.link().ends());
  EXPECT_EQ(nlohmann::json::parse(caller.finish().body)["errorType"], "Runtime.TruncatedResponse");
}

TEST_F(Case16, AChunkedBodyWithoutItsLastChunkIsTruncated) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send(
      http_request("POST", response_path(id), "", {{"Transfer-Encoding", "chunked"}}) +
      http_chunk("\"all but the end\""));
  runtime.link().finish_sending();
  EXPECT_EQ(runtime.link().read_reply().body, k_truncated);
  EXPECT_EQ(nlohmann::json::parse(caller.finish().body)["errorType"], "Runtime.TruncatedResponse");
}

TEST_F(Case16, TheRuntimeMayGoOnWithANewConnection) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  runtime.link().send(http_request("POST", response_path(id), "half", {{"Content-Length", "8"}}));
  runtime.reconnect();
  caller.finish();
  runtime.ask_next();
  auto next_caller = call("{}");
  runtime.serve("\"whole\"");
  EXPECT_EQ(next_caller.finish().body, "\"whole\"");
  EXPECT_EQ(launcher.starts(), 1);
}

using Case17 = StubFixture;
TEST_F(Case17, AnUnknownResponseModeIsRefusedAndTheCallerGetsAnError) {
  for (const char* mode : {"Streaming", "buffered", "stream", ""}) {
    SCOPED_TRACE(mode);
    if (launcher.starts() == 0) start();
    auto caller = call("{}");
    auto runtime = next_runtime();
    runtime.next();
    const auto reply = runtime.respond("\"x\"", {{"Lambda-Runtime-Function-Response-Mode", mode}});
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.body, k_bad_mode);
    const auto answer = caller.finish();
    expect_unhandled(answer);
    EXPECT_EQ(answer.body, "") << "as AWS's own emulator has it";
    // It cannot answer again, nor go on; its environment is reset when the time is up.
    EXPECT_EQ(runtime.respond("\"again\"").body,
              not_allowed("InvocationResponse", "InvocationResponse"));
    EXPECT_EQ(runtime.next_reply().body, not_allowed("InvocationResponse", "Ready"));
    clock.advance(3s);
    ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
    const auto& record = records.invocations.back();
    EXPECT_EQ(record.answer_error, "Runtime.InvalidResponseModeHeader");
    EXPECT_EQ(record.error_type, "Sandbox.Timedout");
    EXPECT_EQ(record.status, InvocationStatus::timeout);
  }
}

TEST_F(Case17, AnErrorHasNoResponseModeThatCouldBeWrong) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  const auto reply = runtime.post(error_path(id), R"({"errorType":"Boom"})",
                                  {{"Lambda-Runtime-Function-Response-Mode", "buffered"}});
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(caller.finish().body, R"({"errorType":"Boom"})");
}

using Case18 = StubFixture;
TEST_F(Case18, ChunkedWithDeclaredTrailersAsGoSendsItIsAnOrdinarySuccess) {
  const HeaderList as_go_does{
      {"Content-Type", "application/octet-stream"},
      {"Transfer-Encoding", "chunked"},
      {"Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"}};
  auto runtime = (start(), warm_runtime());
  for (const std::string trailers :
       {"", "Lambda-Runtime-Function-Error-Type: \r\nLambda-Runtime-Function-Error-Body: \r\n"}) {
    auto caller = call("{}");
    const auto id = runtime.next().id;
    runtime.link().send(http_request("POST", response_path(id), "", as_go_does) +
                        http_chunk("{\"from\":") + http_chunk("\"go\"}") + "0\r\n" + trailers +
                        "\r\n");
    EXPECT_EQ(runtime.link().read_reply().status, 202);
    const auto answer = caller.finish();
    EXPECT_EQ(answer.body, R"({"from":"go"})");
    EXPECT_FALSE(answer.has("X-Amz-Function-Error"));
    runtime.ask_next();
  }
}

// Only the operation of a caller that streams would look at them.
TEST_F(Case18, FilledErrorTrailersAreNothingToAPlainInvoke) {
  auto runtime = (start(), warm_runtime());
  for (const bool streaming : {false, true}) {
    HeaderList headers{
        {"Transfer-Encoding", "chunked"},
        {"Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"}};
    if (streaming) headers.push_back({"Lambda-Runtime-Function-Response-Mode", "streaming"});
    auto caller = call("{}");
    const auto id = runtime.next().id;
    runtime.link().send(http_request("POST", response_path(id), "", headers) +
                        http_chunk("\"half") +
                        "0\r\nLambda-Runtime-Function-Error-Type: Function.Boom\r\n"
                        "Lambda-Runtime-Function-Error-Body: e30=\r\n\r\n");
    EXPECT_EQ(runtime.link().read_reply().status, 202);
    const auto answer = caller.finish();
    EXPECT_EQ(answer.body, "\"half");
    EXPECT_FALSE(answer.has("X-Amz-Function-Error"));
    runtime.ask_next();
  }
}

// A function may stream although its caller used plain Invoke.
using StreamedToPlainInvoke = StubFixture;
TEST_F(StreamedToPlainInvoke, TheStreamIsBufferedAndGivenOutWhole) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  auto& link = runtime.link();
  link.send(http_request(
      "POST", response_path(id), "",
      {{"Lambda-Runtime-Function-Response-Mode", "streaming"}, {"Transfer-Encoding", "chunked"}}));
  for (const char* piece : {"\"one ", "two ", "three\""}) {
    link.send(http_chunk(piece));
    for (int i = 0; i < 5; ++i)
      turn();
    EXPECT_FALSE(caller.answered());
  }
  link.send("0\r\n\r\n");
  EXPECT_EQ(link.read_reply().status, 202);
  EXPECT_EQ(caller.finish().body, "\"one two three\"");
}

}  // namespace
}  // namespace coldframe::testing
