#include <gtest/gtest.h>

#include "emulator/invoke_api/invoke_api.hpp"

namespace coldframe {
namespace {

using http::Method;

InvokeRoute route(Method method, std::string_view target) {
  return route_invoke_request(method, target).route;
}

TEST(InvokeRouter, FindsTheFunctionsNameStillEncoded) {
  const std::string target = "/2015-03-31/functions/arn%3Aaws%3Af/invocations";
  const auto found = route_invoke_request(Method::post, target);
  EXPECT_EQ(found.route, InvokeRoute::invoke);
  EXPECT_EQ(found.function_name, "arn%3Aaws%3Af");
  EXPECT_EQ(found.qualifier, std::nullopt);
}

TEST(InvokeRouter, FindsTheQualifierAmongOtherQueryItems) {
  const std::string path = "/2015-03-31/functions/f/invocations";
  auto qualifier = [&](const std::string& query) {
    const std::string target = path + query;
    const auto found = route_invoke_request(Method::post, target);
    EXPECT_EQ(found.route, InvokeRoute::invoke) << query;
    return found.qualifier ? std::optional<std::string>(*found.qualifier) : std::nullopt;
  };
  EXPECT_EQ(qualifier("?Qualifier=prod"), "prod");
  EXPECT_EQ(qualifier("?a=b&Qualifier=%24LATEST&c"), "%24LATEST");
  EXPECT_EQ(qualifier("?Qualifier="), "");
  EXPECT_EQ(qualifier("?"), std::nullopt);
  EXPECT_EQ(qualifier("?&&"), std::nullopt);
  EXPECT_EQ(qualifier("?qualifier=x"), std::nullopt);
  EXPECT_EQ(qualifier("?XQualifier=x"), std::nullopt);
  EXPECT_EQ(qualifier("?Qualifier=a=b"), "a=b");
}

TEST(InvokeRouter, NeverInvokesForAnythingButAPost) {
  for (Method method :
       {Method::get, Method::put, Method::head, Method::del, Method::options, Method::other}) {
    EXPECT_EQ(route(method, "/2015-03-31/functions/f/invocations"), InvokeRoute::invoke_is_post);
  }
}

TEST(InvokeRouter, AnswersHealthToReadersOnly) {
  for (const char* target : {"/healthz", "/", "/healthz?x=1", "/?x"}) {
    EXPECT_EQ(route(Method::get, target), InvokeRoute::health) << target;
    EXPECT_EQ(route(Method::head, target), InvokeRoute::health) << target;
    EXPECT_EQ(route(Method::post, target), InvokeRoute::health_is_get) << target;
  }
}

TEST(InvokeRouter, FindsNothingElsewhere) {
  for (const char* target :
       {"", "*", "/healthz/", "/2015-03-31/functions", "/2015-03-31/functions/",
        "/2015-03-31/functions/f", "/2015-03-31/functions//invocations",
        "/2015-03-31/functions/invocations", "/2015-03-31/functions/f/invocations/",
        "/2015-03-31/functions/f/invocation", "/2015-03-31/functions/a/b/invocations",
        "/2015-03-30/functions/f/invocations", "2015-03-31/functions/f/invocations",
        "/2014-11-13/functions/f/invoke-async/", "/2018-06-01/runtime/invocation/next",
        "/2015-03-31/functions/f?/invocations", "http://host/2015-03-31/functions/f/invocations"}) {
    EXPECT_EQ(route(Method::post, target), InvokeRoute::not_found) << target;
    EXPECT_EQ(route(Method::get, target), InvokeRoute::not_found) << target;
  }
}

}  // namespace
}  // namespace coldframe
