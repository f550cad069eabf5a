// Fuzz target of the Runtime API's router and of the texts that a runtime chooses: its error type
// and its error body.
//
// Input: the path up to the first line end, then the error type up to the next, then the body.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "emulator/json/json_value.hpp"
#include "emulator/runtime_api/runtime_api.hpp"

namespace {

using namespace coldframe;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", rule);
  std::abort();
}

std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

void check_route(http::Method method, std::string_view path) {
  const RuntimeTarget target = route_runtime_request(method, path);
  const bool has_id = !target.request_id.empty();
  if (target.route == RuntimeRoute::response || target.route == RuntimeRoute::error) {
    require(has_id, "a post for an invoke names it");
    require(method == http::Method::post, "only a POST is a post");
  }
  if (has_id) {
    require(target.request_id.data() >= path.data() &&
                target.request_id.data() + target.request_id.size() <= path.data() + path.size(),
            "the id lies inside the path");
    require(target.request_id.find('/') == std::string_view::npos, "an id has no slash");
  }
  if (target.route == RuntimeRoute::next) {
    require(method == http::Method::get, "next is a GET");
    require(path == "/2018-06-01/runtime/invocation/next", "next has one path");
  }
}

void check_error_type(std::string_view type) {
  const std::string clean = clean_error_type(type);
  require(clean == type || clean == "Function.Unknown" || clean == "Runtime.Unknown",
          "a type is kept or unknown");
  require(clean_error_type(clean) == clean, "cleaning twice changes nothing");
}

void check_error_body(std::string_view body) {
  const auto stripped = strip_error_cause(body);
  if (!stripped) return;
  // A runtime's NaN and lone surrogates are its own affair: they go through as they are.
  const auto json = parse_json(*stripped);
  require(json && json.value().is(JsonKind::object), "what is left is an object");
  require(json.value().find("errorCause") == nullptr, "the cause is gone");
  require(strip_error_cause(*stripped) == stripped, "stripping twice changes nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string path(take_line(rest));
  for (auto method : {http::Method::get, http::Method::post, http::Method::put, http::Method::head,
                      http::Method::del, http::Method::options, http::Method::other}) {
    check_route(method, path);
  }
  check_error_type(std::string(take_line(rest)));
  check_error_body(std::string(rest));
  return 0;
}
