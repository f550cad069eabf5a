// Events as the fronts of AWS send them for `POST /` with a JSON body: REST API (v1), HTTP API
// (v2), Function URL and load balancer. Shapes: AWS documentation and recorded events, 2025.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "emulator/base/ids.hpp"
#include "emulator/config/event_source.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;

struct Moment {
  std::string text;  // 12/Mar/2020:19:03:58 +0000
  std::int64_t epoch_ms;
};

Moment moment(WallTime now) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[40];
  std::strftime(text, sizeof text, "%d/%b/%Y:%H:%M:%S +0000", &utc);
  return {text, ms};
}

Json rest_api(std::string_view body, const FunctionConfig& config, WallTime now, IdSource& ids) {
  const auto time = moment(now);
  const std::string host = "coldframe.execute-api." + config.region + ".amazonaws.com";
  const Json text = body.empty() ? Json(nullptr) : Json(std::string(body));
  const Json headers{{"Content-Type", "application/json"},
                     {"Host", host},
                     {"X-Forwarded-For", "127.0.0.1"},
                     {"X-Forwarded-Port", "443"},
                     {"X-Forwarded-Proto", "https"}};
  Json multi = Json::object();
  for (auto& [name, value] : headers.items())
    multi[name] = Json::array({value});
  return {{"resource", "/"},
          {"path", "/"},
          {"httpMethod", "POST"},
          {"headers", headers},
          {"multiValueHeaders", multi},
          {"queryStringParameters", nullptr},
          {"multiValueQueryStringParameters", nullptr},
          {"pathParameters", nullptr},
          {"stageVariables", nullptr},
          {"requestContext",
           {{"accountId", config.account},
            {"apiId", "coldframe"},
            {"domainName", host},
            {"domainPrefix", "coldframe"},
            {"extendedRequestId", ids.hex(16)},
            {"httpMethod", "POST"},
            {"identity", {{"sourceIp", "127.0.0.1"}, {"userAgent", "coldframe"}}},
            {"path", "/prod/"},
            {"protocol", "HTTP/1.1"},
            {"requestId", ids.uuid()},
            {"requestTime", time.text},
            {"requestTimeEpoch", time.epoch_ms},
            {"resourceId", "coldframe"},
            {"resourcePath", "/"},
            {"stage", "prod"}}},
          {"body", text},
          {"isBase64Encoded", false}};
}

// HTTP API and Function URL share the payload format 2.0.
Json http_api(std::string_view body, const FunctionConfig& config, WallTime now, IdSource& ids,
              bool url) {
  const auto time = moment(now);
  const std::string host = (url ? "coldframe.lambda-url." + config.region + ".on.aws"
                                : "coldframe.execute-api." + config.region + ".amazonaws.com");
  const char* route = url ? "$default" : "POST /";
  Json event{{"version", "2.0"},
             {"routeKey", route},
             {"rawPath", "/"},
             {"rawQueryString", ""},
             {"headers",
              {{"content-type", "application/json"},
               {"host", host},
               {"content-length", std::to_string(body.size())},
               {"x-forwarded-for", "127.0.0.1"},
               {"x-forwarded-port", "443"},
               {"x-forwarded-proto", "https"}}},
             {"requestContext",
              {{"accountId", url ? "anonymous" : config.account},
               {"apiId", "coldframe"},
               {"domainName", host},
               {"domainPrefix", "coldframe"},
               {"http",
                {{"method", "POST"},
                 {"path", "/"},
                 {"protocol", "HTTP/1.1"},
                 {"sourceIp", "127.0.0.1"},
                 {"userAgent", "coldframe"}}},
               {"requestId", ids.uuid()},
               {"routeKey", route},
               {"stage", "$default"},
               {"time", time.text},
               {"timeEpoch", time.epoch_ms}}}};
  if (!body.empty()) event["body"] = std::string(body);
  event["isBase64Encoded"] = false;
  return event;
}

Json load_balancer(std::string_view body, const FunctionConfig& config) {
  return {
      {"requestContext",
       {{"elb",
         {{"targetGroupArn", "arn:aws:elasticloadbalancing:" + config.region + ":" +
                                 config.account + ":targetgroup/coldframe/0123456789abcdef"}}}}},
      {"httpMethod", "POST"},
      {"path", "/"},
      {"queryStringParameters", Json::object()},
      {"headers",
       {{"content-type", "application/json"},
        {"content-length", std::to_string(body.size())},
        {"host", "localhost"},
        {"x-forwarded-for", "127.0.0.1"},
        {"x-forwarded-port", "80"},
        {"x-forwarded-proto", "http"}}},
      {"body", std::string(body)},
      {"isBase64Encoded", false}};
}

}  // namespace

Result<std::string> build_envelope(std::string_view envelope, std::string_view body,
                                   const FunctionConfig& config, WallTime now) {
  IdSource ids;
  Json event;
  if (envelope == "apigw-v1") {
    event = rest_api(body, config, now, ids);
  } else if (envelope == "apigw-v2") {
    event = http_api(body, config, now, ids, false);
  } else if (envelope == "url") {
    event = http_api(body, config, now, ids, true);
  } else if (envelope == "alb") {
    event = load_balancer(body, config);
  } else {
    return usage_error("--as '" + std::string(envelope) +
                       "': use one of apigw-v1, apigw-v2, url, alb");
  }
  return event.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace coldframe
