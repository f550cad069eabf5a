// Statuses, header lines and bodies of the Invoke API, with AWS's own casing.
#include "emulator/invoke_api/replies.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace coldframe::replies {
namespace {

struct Wanted {
  RequestFault fault;
  int status;
  const char* code;
  const char* body;
};

TEST(InvokeFaults, HaveAwssStatusCodeAndExactBody) {
  const Wanted table[] = {
      {validation({"X"}), 400, "ValidationException",
       R"({"message":"1 validation error detected: X"})"},
      {validation({"X", "Y"}), 400, "ValidationException",
       R"({"message":"2 validation errors detected: X; Y"})"},
      {not_json("Unexpected 'b'"), 400, "InvalidRequestContentException",
       R"({"Type":"User","message":"Could not parse request body into json: Could not parse )"
       R"(payload into json: Unexpected 'b'"})"},
      {bad_client_context(), 400, "InvalidRequestContentException",
       R"({"Type":null,"message":"Client context must be a valid Base64-encoded JSON object."})"},
      {not_found("arn:aws:lambda:us-east-1:123456789012:function:f", ""), 404,
       "ResourceNotFoundException",
       R"({"Type":"User","Message":"Function not found: )"
       R"(arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"})"},
      {not_found("arn:f", "7"), 404, "ResourceNotFoundException",
       R"({"Type":"User","Message":"Function not found: arn:f:7"})"},
      {other_region("eu-west-1", "us-east-1"), 404, "ResourceNotFoundException",
       R"({"Type":"User","Message":"Functions from 'eu-west-1' are not reachable in this region )"
       R"x(('us-east-1')"})x"},
      {sync_too_large(), 413, "RequestEntityTooLargeException",
       R"({"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction )"
       R"(operation"})"},
      {event_too_large(1048577), 413, "RequestEntityTooLargeException",
       R"({"Message":"1048577 byte payload is too large for the Event invocation type (limit )"
       R"x(1048576 bytes)"})x"},
      {refusal(Refusal::throttled), 429, "TooManyRequestsException",
       R"({"Reason":"ConcurrentInvocationLimitExceeded","Type":"User",)"
       R"("message":"Rate Exceeded."})"},
      {refusal(Refusal::reserved_throttled), 429, "TooManyRequestsException",
       R"({"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User",)"
       R"("message":"Rate Exceeded."})"},
      {refusal(Refusal::stopping), 500, "ServiceException",
       R"({"Type":"Service","Message":"The emulator is stopping."})"},
      {refusal(Refusal::no_environment), 500, "ServiceException",
       R"({"Type":"Service","Message":"The emulator could not open an execution environment."})"}};
  for (const Wanted& wanted : table) {
    EXPECT_EQ(wanted.fault.status, wanted.status) << wanted.body;
    EXPECT_EQ(wanted.fault.code, wanted.code) << wanted.body;
    EXPECT_EQ(wanted.fault.body, wanted.body);
  }
}

const char* const k_trace =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";

bool has_line(const http::Response& response, const std::string& line) {
  return ("\r\n" + response.fields).find("\r\n" + line + "\r\n") != std::string::npos;
}

void expect_common_lines(const http::Response& response) {
  EXPECT_TRUE(has_line(response, "x-amzn-RequestId: r-1")) << response.fields;
  EXPECT_TRUE(response.announce_keep_alive);
  EXPECT_TRUE(has_line(response, "Content-Type: application/json")) << response.fields;
  EXPECT_TRUE(has_line(response,
                       "X-Amzn-Trace-Id: root=1-5759e988-bd862e3fe1be46a994272793;"
                       "parent=53995c3f42cd8ad8;sampled=0"))
      << response.fields;
  EXPECT_TRUE(has_line(response, "x-amzn-Remapped-Content-Length: 0")) << response.fields;
  EXPECT_TRUE(std::regex_search(response.fields, std::regex("Date: [A-Z][a-z]{2}, \\d{2} ")))
      << response.fields;
}

TEST(InvokeReply, OfAFaultNamesItsTypeInAHeader) {
  const auto response = fault(not_found("arn:f", ""), "r-1", k_trace);
  EXPECT_EQ(response.status, 404);
  expect_common_lines(response);
  EXPECT_TRUE(has_line(response, "x-amzn-ErrorType: ResourceNotFoundException"));
  EXPECT_TRUE(has_line(response, "Content-Type: application/json"));
  EXPECT_FALSE(has_line(response, "Retry-After: 1"));
}

TEST(InvokeReply, OfAThrottleSaysWhenToTryAgain) {
  const auto response = fault(refusal(Refusal::throttled), "r-1", k_trace);
  EXPECT_EQ(response.status, 429);
  EXPECT_TRUE(has_line(response, "Retry-After: 1"));
}

TEST(InvokeReply, OfAWrongMethodNamesTheRightOnesOfItsPath) {
  const auto invoke = fault(invoke_is_post(), "r-1", k_trace);
  EXPECT_EQ(invoke.status, 405);
  EXPECT_TRUE(has_line(invoke, "Allow: POST"));
  const auto health = fault(health_is_get(), "r-1", k_trace);
  EXPECT_EQ(health.status, 405);
  EXPECT_TRUE(has_line(health, "Allow: GET, HEAD"));
  EXPECT_EQ(health.text.find("Invoke is a POST"), std::string::npos);
  EXPECT_EQ(fault(unknown_operation(), "r-1", k_trace).status, 404);
}

InvokeResult result_of(bool function_error) {
  InvokeResult result;
  result.request_id = "r-1";
  result.trace_id = k_trace;
  result.executed_version = "$LATEST";
  result.payload = make_payload("{\"a\": 1}");
  result.function_error = function_error;
  return result;
}

TEST(InvokeReply, OfASuccessCarriesThePayloadAsItIs) {
  const auto result = result_of(false);
  const auto response = success(result);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.shared.get(), result.payload.get()) << "not even copied";
  expect_common_lines(response);
  EXPECT_TRUE(has_line(response, "Content-Type: application/json"));
  EXPECT_TRUE(has_line(response, "X-Amz-Executed-Version: $LATEST"));
  EXPECT_EQ(response.fields.find("X-Amz-Function-Error"), std::string::npos);
  EXPECT_EQ(response.fields.find("X-Amz-Log-Result"), std::string::npos);
}

TEST(InvokeReply, OfAFunctionErrorIsStill200) {
  const auto response = success(result_of(true));
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(has_line(response, "X-Amz-Function-Error: Unhandled"));
}

TEST(InvokeReply, CarriesTheLogTailInBase64OnOneLine) {
  auto result = result_of(false);
  result.log_tail = std::string(4096, '\n');
  const auto response = success(result);
  const auto at = response.fields.find("X-Amz-Log-Result: ");
  ASSERT_NE(at, std::string::npos);
  const auto end = response.fields.find("\r\n", at);
  EXPECT_EQ(end - at - 18, (4096U + 2) / 3 * 4);
}

TEST(InvokeReply, OfAnEventAndADryRunIsEmptyAndNamesNoVersion) {
  for (const auto& response : {accepted("r-1", k_trace), dry_run("r-1", k_trace)}) {
    expect_common_lines(response);
    EXPECT_EQ(response.body(), "");
    EXPECT_EQ(response.fields.find("X-Amz-Executed-Version"), std::string::npos);
  }
  EXPECT_EQ(accepted("r-1", k_trace).status, 202);
  EXPECT_EQ(dry_run("r-1", k_trace).status, 204);
}

TEST(HttpDate, IsTheFixedForm) {
  const std::string date(http_date());
  EXPECT_TRUE(std::regex_match(
      date, std::regex("(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|"
                       "Oct|Nov|Dec) \\d{4} \\d{2}:\\d{2}:\\d{2} GMT")))
      << date;
}

}  // namespace
}  // namespace coldframe::replies
