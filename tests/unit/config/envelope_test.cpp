// The events that the fronts of AWS build around a POST.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "emulator/config/event_source.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

const WallTime k_moment{1584039838123ms};  // 2020-03-12 19:03:58.123 UTC

Json envelope(const std::string& kind, const std::string& body = R"({"features":[1]})") {
  FunctionConfig config;
  config.region = "eu-central-1";
  auto text = build_envelope(kind, body, config, k_moment);
  EXPECT_TRUE(text) << (text ? "" : text.error().message);
  return text ? Json::parse(*text, nullptr, false) : Json();
}

std::set<std::string> keys(const Json& object) {
  std::set<std::string> out;
  for (auto& [key, value] : object.items())
    out.insert(key);
  return out;
}

TEST(Envelope, OfARestApiHasEveryKeyAndNullsWhereNothingIs) {
  const Json event = envelope("apigw-v1");
  EXPECT_EQ(keys(event),
            (std::set<std::string>{"resource", "path", "httpMethod", "headers", "multiValueHeaders",
                                   "queryStringParameters", "multiValueQueryStringParameters",
                                   "pathParameters", "stageVariables", "requestContext", "body",
                                   "isBase64Encoded"}));
  for (const char* key : {"queryStringParameters", "multiValueQueryStringParameters",
                          "pathParameters", "stageVariables"}) {
    EXPECT_TRUE(event.at(key).is_null()) << key;
  }
  EXPECT_EQ(event.at("httpMethod"), "POST");
  EXPECT_EQ(event.at("body"), R"({"features":[1]})");
  EXPECT_EQ(event.at("isBase64Encoded"), false);
  EXPECT_EQ(event.at("headers").at("Content-Type"), "application/json");
  for (auto& [name, value] : event.at("headers").items()) {
    EXPECT_EQ(event.at("multiValueHeaders").at(name), Json::array({value})) << name;
  }
  const Json& context = event.at("requestContext");
  EXPECT_EQ(context.at("requestTime"), "12/Mar/2020:19:03:58 +0000");
  EXPECT_EQ(context.at("requestTimeEpoch"), 1584039838123);
  EXPECT_EQ(context.at("stage"), "prod");
  EXPECT_EQ(context.at("identity").at("sourceIp"), "127.0.0.1");
  EXPECT_EQ(context.at("requestId").get<std::string>().size(), 36U);
  EXPECT_NE(context.at("domainName").get<std::string>().find("eu-central-1"), std::string::npos);
}

void expect_version_two(const Json& event, const char* route) {
  EXPECT_EQ(event.at("version"), "2.0");
  EXPECT_EQ(event.at("routeKey"), route);
  EXPECT_EQ(event.at("rawPath"), "/");
  EXPECT_EQ(event.at("rawQueryString"), "");
  EXPECT_EQ(event.count("cookies"), 0U) << "absent without cookies";
  EXPECT_EQ(event.count("queryStringParameters"), 0U) << "absent without a query";
  for (auto& [name, value] : event.at("headers").items()) {
    EXPECT_EQ(name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos) << name;
    EXPECT_TRUE(value.is_string()) << name;
  }
  EXPECT_EQ(event.at("headers").at("content-length"), "16");
  const Json& context = event.at("requestContext");
  EXPECT_EQ(context.at("http").at("method"), "POST");
  EXPECT_EQ(context.at("http").at("sourceIp"), "127.0.0.1");
  EXPECT_EQ(context.at("stage"), "$default");
  EXPECT_EQ(context.at("routeKey"), route);
  EXPECT_EQ(context.at("time"), "12/Mar/2020:19:03:58 +0000");
  EXPECT_EQ(context.at("timeEpoch"), 1584039838123);
  EXPECT_EQ(event.at("body"), R"({"features":[1]})");
  EXPECT_EQ(event.at("isBase64Encoded"), false);
}

TEST(Envelope, OfAnHttpApiIsPayloadVersionTwo) {
  const Json event = envelope("apigw-v2");
  expect_version_two(event, "POST /");
  EXPECT_EQ(event.at("requestContext").at("accountId"), "123456789012");
}

TEST(Envelope, OfAFunctionUrlIsThatOfAnAnonymousCaller) {
  const Json event = envelope("url");
  expect_version_two(event, "$default");
  EXPECT_EQ(event.at("requestContext").at("accountId"), "anonymous");
  EXPECT_NE(event.at("requestContext").at("domainName").get<std::string>().find(".lambda-url."),
            std::string::npos);
}

TEST(Envelope, OfALoadBalancerNamesItsTargetGroup) {
  const Json event = envelope("alb");
  EXPECT_TRUE(
      event.at("requestContext")
          .at("elb")
          .at("targetGroupArn")
          .get<std::string>()
          .starts_with("arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/"));
  EXPECT_EQ(event.at("httpMethod"), "POST");
  EXPECT_EQ(event.at("path"), "/");
  EXPECT_EQ(event.at("queryStringParameters"), Json::object());
  EXPECT_EQ(event.at("headers").at("content-type"), "application/json");
  EXPECT_EQ(event.at("body"), R"({"features":[1]})");
}

// Without a body v1 has null, v2 has no such key, the load balancer an empty text.
TEST(Envelope, AroundNoBodyIsWhatEachFrontSendsThen) {
  EXPECT_TRUE(envelope("apigw-v1", "").at("body").is_null());
  EXPECT_EQ(envelope("apigw-v2", "").count("body"), 0U);
  EXPECT_EQ(envelope("url", "").count("body"), 0U);
  EXPECT_EQ(envelope("alb", "").at("body"), "");
}

TEST(Envelope, CarriesAnyTextInItsBody) {
  for (const char* kind : {"apigw-v1", "apigw-v2", "url", "alb"}) {
    EXPECT_EQ(envelope(kind, "a \"quoted\"\nline \xc3\xa9").at("body"),
              "a \"quoted\"\nline \xc3\xa9")
        << kind;
  }
}

TEST(Envelope, HasADifferentRequestIdEachTime) {
  EXPECT_NE(envelope("url").at("requestContext").at("requestId"),
            envelope("url").at("requestContext").at("requestId"));
}

}  // namespace
}  // namespace coldframe
