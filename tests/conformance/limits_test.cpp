// Lambda's numbers at their exact place, one below and one above.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "emulator/base/base64.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;
using Limits = StubFixture;

constexpr std::size_t k_largest_response = 6291556;

std::string message_of(const HttpReply& reply) {
  return nlohmann::json::parse(reply.body).value("message", "");
}

TEST_F(Limits, AnErrorBodyMayHave6291556BytesAndOneMoreIs413) {
  auto runtime = (start(), warm_runtime());
  for (const std::size_t more : {0U, 1U}) {
    auto caller = call("{}");
    runtime.next();
    const auto reply = runtime.error('"' + std::string(k_largest_response - 2 + more, 'e') + '"');
    EXPECT_EQ(reply.status, more == 0 ? 202 : 413);
    const auto answer = caller.finish();
    EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
    if (more == 0) {
      EXPECT_EQ(answer.body.size(), k_largest_response);
    } else {
      EXPECT_NE(reply.body.find("RequestEntityTooLarge"), std::string::npos) << reply.body;
      EXPECT_NE(answer.body.find("Function.ResponseSizeTooLarge"), std::string::npos);
    }
    runtime.ask_next();
    ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  }
}

TEST_F(Limits, AnInitErrorBodyMayHave6291556BytesAndOneMoreIs413) {
  start();
  auto caller = call("{}");
  auto first = next_runtime();
  EXPECT_EQ(first.init_error(std::string(k_largest_response + 1, 'i')).status, 413);
  launcher.latest().exit(1);
  auto second = next_runtime();
  EXPECT_EQ(second.init_error('"' + std::string(k_largest_response - 2, 'i') + '"').status, 202);
  launcher.latest().exit(1);
  EXPECT_EQ(caller.finish().body.size(), k_largest_response);
}

TEST_F(Limits, AProvisionedInitMayTakeAsLongAsTheFunctionButNoMoreThan900Seconds) {
  function.timeout_s = 900;
  options.provisioned = 1;
  start();
  clock.advance(899999ms);
  turn();
  EXPECT_TRUE(launcher.process(0).running());
  clock.advance(1ms);
  ASSERT_TRUE(until([&] { return launcher.process(0).killed(); }));
  EXPECT_TRUE(log.contains("INIT_REPORT Init Duration: 900000.00 ms"));
}

TEST_F(Limits, ATenantIdHasAtMost256CharactersOfAwssAlphabet) {
  start();
  const std::string longest(256, 't');
  auto caller = call("{}", {{"X-Amz-Tenant-Id", longest}});
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.next().header("Lambda-Runtime-Aws-Tenant-Id"), longest);
  for (const std::string& wrong : {longest + "t", std::string("a;b"), std::string("\xc3\xa4")}) {
    const auto refused = this->caller().invoke("{}", {{"X-Amz-Tenant-Id", wrong}});
    EXPECT_EQ(refused.status, 400) << wrong;
    EXPECT_EQ(refused.header("x-amzn-ErrorType"), "ValidationException");
    EXPECT_NE(message_of(refused).find("'tenantId'"), std::string::npos) << refused.body;
  }
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(Limits, AnUnknownInvocationOrLogTypeIsAValidationException) {
  start();
  const HeaderList wrong{{"X-Amz-Invocation-Type", "event"},
                         {"X-Amz-Invocation-Type", "Async"},
                         {"X-Amz-Log-Type", "tail"},
                         {"X-Amz-Log-Type", "All"}};
  for (const auto& header : wrong) {
    const auto refused = caller().invoke("{}", {header});
    EXPECT_EQ(refused.status, 400) << header.second;
    EXPECT_EQ(refused.header("x-amzn-ErrorType"), "ValidationException");
    EXPECT_NE(message_of(refused).find("Value '" + header.second + "'"), std::string::npos);
  }
  EXPECT_EQ(launcher.starts(), 0);
}

TEST_F(Limits, AClientContextMayHave3583BytesOfBase64) {
  start();
  // 3 580 characters of base64; the next length that base64 can have is 3 584.
  const std::string fits = R"({"custom":{"k":")" + std::string(2685 - 19, 'x') + "\"}}";
  const std::string over = R"({"custom":{"k":")" + std::string(2688 - 19, 'x') + "\"}}";
  ASSERT_EQ(base64_encode(fits).size(), 3580U);
  ASSERT_EQ(base64_encode(over).size(), 3584U);
  auto caller = call("{}", {{"X-Amz-Client-Context", base64_encode(fits)}});
  EXPECT_EQ(next_runtime().next().header("Lambda-Runtime-Client-Context"), fits);
  const auto refused = this->caller().invoke("{}", {{"X-Amz-Client-Context", base64_encode(over)}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.header("x-amzn-ErrorType"), "InvalidRequestContentException");
}

TEST_F(Limits, TheHeadOfAnInvokeMayHave1064960BytesAndOneMoreIs431) {
  start();
  for (const std::size_t more : {0U, 1U}) {
    auto client = caller();
    std::string head = "POST " + invoke_path("f") +
                       " HTTP/1.1\r\nContent-Length: 2\r\nX-Amz-Invocation-Type: DryRun\r\nX: ";
    head += std::string(1024 * 1024 + 16 * 1024 + more - head.size() - 4, 'x') + "\r\n\r\n";
    client.link().send(head + "{}");
    EXPECT_EQ(client.link().read_reply().status, more == 0 ? 204 : 431);
  }
}

TEST_F(Limits, TheInvokeApiHolds4096ConnectionsAndClosesWhatIsMore) {
  const int room = raise_descriptor_limit(20000);
  if (room < 9000) GTEST_SKIP() << "only " << room << " descriptors may be open here";
  start();
  std::vector<InvokeClient> clients;
  for (int i = 0; i < 4096; ++i) {
    clients.push_back(caller());
    if (i % 200 == 0) turn();
  }
  const HeaderList dry{{"X-Amz-Invocation-Type", "DryRun"}};
  EXPECT_EQ(clients.front().invoke("{}", dry).status, 204);
  EXPECT_EQ(clients.back().invoke("{}", dry).status, 204);
  EXPECT_TRUE(caller().link().ends()) << "one too many";
  clients.pop_back();
  turn();
  EXPECT_EQ(caller().invoke("{}", dry).status, 204) << "there is room again";
}

TEST_F(Limits, AHeadOfARuntimesRequestMayHave4MebibytesAndOneMoreByteIs431) {
  constexpr std::size_t k_most = 4 * 1024 * 1024;
  start();
  auto runtime = warm_runtime();
  const auto id = std::string("no-such-id");
  const auto around = http_request("POST", response_path(id), "", {{"X", ""}}).size();
  for (const std::size_t more : {0U, 1U}) {
    RawHttpClient link(*this, launcher.latest().port());
    const std::string value(k_most - around + more, 'v');
    EXPECT_EQ(link.request("POST", response_path(id), "", {{"X", value}}).status,
              more == 0 ? 400 : 431);
  }
}

TEST_F(Limits, AnEnvironmentHolds256ConnectionsAndClosesWhatIsMore) {
  start();
  auto runtime = warm_runtime();
  std::vector<StubRuntime> more;
  for (int i = 1; i < 256; ++i) {
    more.push_back(this->runtime(0));
    if (i % 50 == 0) turn();
  }
  EXPECT_EQ(more.back().post(response_path("no-such-id"), "1").status, 400)
      << "the last of 256 is served";
  EXPECT_TRUE(this->runtime(0).link().ends()) << "one too many";
}

}  // namespace
}  // namespace coldframe::testing
