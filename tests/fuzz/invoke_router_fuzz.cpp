// Fuzz target of the Invoke API's router, function names and payload check.
//
// Input: the request target up to the first line end, then the body.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "emulator/invoke_api/invoke_api.hpp"
#include "emulator/invoke_api/replies.hpp"
#include "emulator/json/json_check.hpp"

namespace {

using namespace coldframe;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", rule);
  std::abort();
}

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_reference(const InvokeTarget& target) {
  Violations violations;
  const auto parsed = parse_function_reference(target.function_name, target.qualifier, violations);
  if (!violations.empty()) {
    const auto fault = replies::validation(violations);
    require(nlohmann::json::parse(fault.body, nullptr, false).is_object(), "a fault is JSON");
    return;
  }
  if (const auto* fault = std::get_if<RequestFault>(&parsed)) {
    require(fault->status == 400, "a bad name is a bad request");
    require(nlohmann::json::parse(fault->body, nullptr, false).is_object(), "a fault is JSON");
    return;
  }
  const auto& reference = std::get<FunctionReference>(parsed);
  require(!reference.name.empty() && reference.name.size() <= 256, "a name has 1 to 256 bytes");
  for (const std::string& text :
       {reference.name, reference.qualifier, reference.region, reference.account}) {
    for (unsigned char c : text)
      require(c > ' ' && c < 0x7f, "a reference is plain ASCII");
  }
  require(reference.account.empty() || reference.account.size() == 12, "an account has 12 digits");
}

void check_target(std::string_view target) {
  for (auto method :
       {http::Method::get, http::Method::post, http::Method::head, http::Method::other}) {
    const InvokeTarget found = route_invoke_request(method, target);
    require(inside(found.function_name, target), "the name lies inside the target");
    require(!found.qualifier || inside(*found.qualifier, target), "so does the qualifier");
    if (found.route != InvokeRoute::invoke) continue;
    require(method == http::Method::post, "only a POST invokes");
    require(!found.function_name.empty(), "an invoke names a function");
    check_reference(found);
  }
}

// Both parsers must agree; simdjson alone allows a little more nesting.
void check_payload(const std::string& body) {
  static PayloadCheck check;
  const auto fault = check.fault(body);
  const auto own = check_json(body);
  if (fault) require(own && own->message == *fault, "a refusal has the strict parser's words");
  if (!fault && own) {
    require(own->message.find("nesting depth") != std::string::npos,
            "what the strict parser refuses is refused");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(all.find('\n'), all.size());
  check_target(std::string(all.substr(0, end)));
  check_payload(std::string(all.substr(std::min(end + 1, all.size()))));
  return 0;
}
