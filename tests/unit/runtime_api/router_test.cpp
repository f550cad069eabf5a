#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emulator/runtime_api/runtime_api.hpp"

namespace coldframe {
namespace {

using http::Method;
using enum RuntimeRoute;

constexpr const char* k_invocation = "/2018-06-01/runtime/invocation/";

RuntimeRoute route(Method method, const std::string& path) {
  return route_runtime_request(method, path).route;
}

TEST(RuntimeRouter, KnowsEveryRouteAndTheIdInIt) {
  EXPECT_EQ(route(Method::get, "/2018-06-01/ping"), ping);
  EXPECT_EQ(route(Method::get, "/2018-06-01/runtime/invocation/next"), next);
  EXPECT_EQ(route(Method::post, "/2018-06-01/runtime/init/error"), init_error);
  const std::string path = std::string(k_invocation) + "some-id/response";
  const auto to_response = route_runtime_request(Method::post, path);
  EXPECT_EQ(to_response.route, response);
  EXPECT_EQ(to_response.request_id, "some-id");
  const std::string other = std::string(k_invocation) + "other/error";
  EXPECT_EQ(route_runtime_request(Method::post, other).route, error);
  EXPECT_EQ(route_runtime_request(Method::post, other).request_id, "other");
}

TEST(RuntimeRouter, AnswersAKnownPathWithTheWrongMethodAsSuch) {
  const std::string invocation = k_invocation;
  for (Method method :
       {Method::post, Method::put, Method::head, Method::del, Method::options, Method::other}) {
    EXPECT_EQ(route(method, "/2018-06-01/ping"), method_not_allowed);
    EXPECT_EQ(route(method, invocation + "next"), method_not_allowed);
  }
  for (Method method : {Method::get, Method::put, Method::head, Method::other}) {
    EXPECT_EQ(route(method, "/2018-06-01/runtime/init/error"), method_not_allowed);
    EXPECT_EQ(route(method, invocation + "id/response"), method_not_allowed);
    EXPECT_EQ(route(method, invocation + "id/error"), method_not_allowed);
  }
}

TEST(RuntimeRouter, FindsNothingAnywhereElse) {
  for (const char* path : {"",
                           "/",
                           "/2018-06-01",
                           "/2018-06-01/",
                           "2018-06-01/ping",
                           "/2018-06-01/ping/",
                           "/2018-06-01/pin",
                           "/2018-06-02/ping",
                           "/2018-06-01/runtime/nope",
                           "/2018-06-01/runtime/invocation",
                           "/2018-06-01/runtime/invocation/",
                           "/2018-06-01/runtime/invocation/next/",
                           "/2018-06-01/runtime/invocation//response",
                           "/2018-06-01/runtime/invocation/id",
                           "/2018-06-01/runtime/invocation/id/",
                           "/2018-06-01/runtime/invocation/id/responses",
                           "/2018-06-01/runtime/invocation/a/b/response",
                           "/2018-06-01/runtime/init",
                           "/2018-06-01/runtime/restore/next",
                           "/2018-06-01/runtime/restore/error",
                           "/2021-04-23/credentials",
                           "/2020-01-01/extension/register",
                           "/2015-03-31/functions/f/invocations"}) {
    EXPECT_EQ(route(Method::get, path), not_found) << path;
    EXPECT_EQ(route(Method::post, path), not_found) << path;
  }
}

TEST(CleanErrorType, KeepsWhatLooksLikeARuntimeOrFunctionError) {
  for (const char* type :
       {"Runtime.ExitError", "Function.Boom", "Runtime.Ab", "Function.AB", "xRuntime.Boomx",
        "My Function.Failed here", "Runtime.ImportModuleError", "Runtime.X Function.Abc"}) {
    EXPECT_EQ(clean_error_type(type), type);
  }
}

TEST(CleanErrorType, CallsOtherFunctionErrorsUnknown) {
  for (const char* type :
       {"Function.", "Function.lower", "Function.A", "Function.1Abc", "Function. Abc"}) {
    EXPECT_EQ(clean_error_type(type), "Function.Unknown") << type;
  }
}

TEST(CleanErrorType, CallsEverythingElseAnUnknownRuntimeError) {
  for (const char* type : {"", "unhandled", "ValueError", "runtime.Boom", "Runtime.", "Runtime.a",
                           "Runtime.A", "Runtime.A1", "Runtime Boom", "xFunction.a"}) {
    EXPECT_EQ(clean_error_type(type), "Runtime.Unknown") << type;
  }
}

TEST(StripErrorCause, TakesTheCauseOutAndKeepsOrderAndTheRest) {
  EXPECT_EQ(strip_error_cause(
                R"({"errorMessage":"m","errorCause":{"a":[1,2]},"errorType":"T","x":null})"),
            R"({"errorMessage":"m","errorType":"T","x":null})");
  EXPECT_EQ(strip_error_cause(R"({"errorType":"T"})"), R"({"errorType":"T"})");
  EXPECT_EQ(strip_error_cause(R"({"errorCause":1})"), "{}");
  EXPECT_EQ(strip_error_cause(R"({"nested":{"errorCause":1}})"), R"({"nested":{"errorCause":1}})");
}

TEST(StripErrorCause, HasNothingToSayAboutWhatIsNoObject) {
  for (const char* body : {"", "null", "[]", "\"text\"", "{", "{\"a\":}", "\xff"}) {
    EXPECT_EQ(strip_error_cause(body), std::nullopt) << body;
  }
}

TEST(StripErrorCause, LeavesTheBytesOfOtherMembersAlone) {
  EXPECT_EQ(strip_error_cause(R"({"n":123456789012345678901234567890,"errorCause":0})"),
            R"({"n":123456789012345678901234567890})");
  EXPECT_EQ(strip_error_cause(R"({"f":1.10,"errorCause":0})"), R"({"f":1.10})");
}

// A runtime may post six megabytes of brackets; it must not take the emulator's stack with it.
TEST(StripErrorCause, SurvivesDeepNesting) {
  const std::size_t depth = 500'000;
  const std::string body =
      R"({"deep":)" + std::string(depth, '[') + std::string(depth, ']') + R"(,"errorCause":1})";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    (void)strip_error_cause(body);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << "it died with status " << status << " (11 is a segmentation fault)";
}

}  // namespace
}  // namespace coldframe
