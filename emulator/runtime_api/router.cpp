// The route table of the Runtime API, and the two small text rules of its posts.
#include "emulator/json/json_value.hpp"
#include "emulator/runtime_api/runtime_api.hpp"

namespace coldframe {
namespace {

constexpr std::string_view k_prefix = "/2018-06-01/";
constexpr std::string_view k_invocation = "runtime/invocation/";

RuntimeTarget only(http::Method wanted, http::Method got, RuntimeRoute route,
                   std::string_view id = {}) {
  return {wanted == got ? route : RuntimeRoute::method_not_allowed, id};
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Length of `(Runtime|Function)\.[A-Z][a-zA-Z]+` at `at`, 0 if it is not there.
std::size_t match_error_type(std::string_view text, std::size_t at) {
  for (std::string_view word : {"Runtime.", "Function."}) {
    if (text.substr(at, word.size()) != word) continue;
    std::size_t end = at + word.size();
    if (end >= text.size() || text[end] < 'A' || text[end] > 'Z') return 0;
    const std::size_t first = end;
    while (end < text.size() && is_letter(text[end]))
      ++end;
    return end - first >= 2 ? end - at : 0;
  }
  return 0;
}

}  // namespace

RuntimeTarget route_runtime_request(http::Method method, std::string_view path) {
  using enum RuntimeRoute;
  if (!path.starts_with(k_prefix)) return {not_found, {}};
  path.remove_prefix(k_prefix.size());
  if (path == "ping") return only(http::Method::get, method, ping);
  if (path == "runtime/init/error") return only(http::Method::post, method, init_error);
  if (!path.starts_with(k_invocation)) return {not_found, {}};
  path.remove_prefix(k_invocation.size());
  if (path == "next") return only(http::Method::get, method, next);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0) return {not_found, {}};
  const auto id = path.substr(0, slash);
  const auto what = path.substr(slash + 1);
  if (what == "response") return only(http::Method::post, method, response, id);
  if (what == "error") return only(http::Method::post, method, error, id);
  return {not_found, {}};
}

std::string clean_error_type(std::string_view type) {
  for (std::size_t at = 0; at < type.size(); ++at) {
    if (match_error_type(type, at) > 0) return std::string(type);
  }
  return type.starts_with("Function.") ? "Function.Unknown" : "Runtime.Unknown";
}

std::optional<std::string> strip_error_cause(std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed || !parsed.value().is(JsonKind::object)) return std::nullopt;
  std::string out = "{";
  for (const auto& member : parsed.value().members()) {
    if (member.key == "errorCause") continue;
    if (out.size() > 1) out += ',';
    out += quote_json(member.key) + ':';
    out += body.substr(member.value.begin(), member.value.end() - member.value.begin());
  }
  return out + "}";
}

}  // namespace coldframe
