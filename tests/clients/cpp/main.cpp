// The common test protocol of tests/clients, as a C++ handler (see ../README.md).
// The events come from run.py alone, which writes compact JSON with "payload" as the last member
// and no escapes outside it; so text search is enough here, and no JSON library is needed.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <aws/lambda-runtime/runtime.h>

namespace {

using aws::lambda_runtime::invocation_request;
using aws::lambda_runtime::invocation_response;

int invokes = 0;

// The text after `"key":`, up to the end of the document; empty when the key is absent.
std::string_view after_key(std::string_view json, std::string const& key) {
  std::string const mark = '"' + key + "\":";
  auto const at = json.find(mark);
  return at == std::string_view::npos ? std::string_view{} : json.substr(at + mark.size());
}

std::string text_of(std::string_view json, std::string const& key) {
  auto const value = after_key(json, key);
  if (value.empty() || value.front() != '"') return {};
  return std::string(value.substr(1, value.find('"', 1) - 1));
}

long number_of(std::string_view json, std::string const& key) {
  return std::strtol(std::string(after_key(json, key).substr(0, 20)).c_str(), nullptr, 10);
}

std::string environment(char const* name) {
  char const* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string quoted(std::string const& text) { return '"' + text + '"'; }

invocation_response answer(std::string const& json) {
  return invocation_response::success(json, "application/json");
}

invocation_response failure(std::string const& message) {
  return invocation_response::failure(message, "Deliberate", "");
}

std::string describe(invocation_request const& request) {
  auto const k = text_of(request.client_context, "k");
  return "{\"request_id\":" + quoted(request.request_id) +
         ",\"function_name\":" + quoted(environment("AWS_LAMBDA_FUNCTION_NAME")) +
         ",\"function_version\":" + quoted(environment("AWS_LAMBDA_FUNCTION_VERSION")) +
         ",\"memory_mb\":" + environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") +
         ",\"arn\":" + quoted(request.function_arn) +
         ",\"remaining_ms\":" + std::to_string(request.get_time_remaining().count()) +
         ",\"k\":" + (k.empty() ? "null" : quoted(k)) + "}";
}

invocation_response handle(invocation_request const& request) {
  ++invokes;
  std::string_view const event = request.payload;
  auto const op = text_of(event, "op");
  if (op == "echo") {
    auto const rest = after_key(event, "payload");
    return answer(std::string(rest.substr(0, rest.rfind('}'))));
  }
  if (op == "fail") return failure("failed on purpose");
  if (op == "pid") {
    return answer("{\"pid\":" + std::to_string(getpid()) +
                  ",\"invokes\":" + std::to_string(invokes) + "}");
  }
  if (op == "context") return answer(describe(request));
  if (op == "sleep") {
    std::this_thread::sleep_for(std::chrono::milliseconds(number_of(event, "ms")));
    return answer(quoted("awake"));
  }
  if (op == "big") {
    return answer(quoted(std::string(static_cast<std::size_t>(number_of(event, "bytes")), 'x')));
  }
  return failure("unknown op " + op);
}

}  // namespace

int main() {
  aws::lambda_runtime::run_handler(handle);
  return 0;
}
