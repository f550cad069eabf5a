#include "emulator/violations/evidence.hpp"

#include <nlohmann/json.hpp>

namespace coldframe {
namespace {

using Json = nlohmann::json;

constexpr std::size_t k_most_bytes = 256 * 1024;
constexpr int k_most_causes = 8;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

void add_frames(const Json& error, const char* key, std::string& stack) {
  const auto frames = error.find(key);
  if (frames == error.end() || !frames->is_array()) return;
  for (const auto& frame : *frames) {
    if (frame.is_string()) {
      stack += frame.get<std::string>();
    } else if (frame.is_object()) {  // Go
      stack += text_of(frame, "path") + " " + text_of(frame, "label");
    }
    stack += '\n';
  }
}

}  // namespace

Evidence read_evidence(std::string_view error_body, std::string_view output) {
  Evidence evidence;
  evidence.output = output;
  if (error_body.size() > k_most_bytes) return evidence;
  const Json body = Json::parse(error_body, nullptr, false);
  const Json* error = &body;
  for (int depth = 0; depth < k_most_causes && error->is_object(); ++depth) {
    if (depth > 0) {
      evidence.type += ' ';
      evidence.message += '\n';
    }
    evidence.type += text_of(*error, "errorType");
    evidence.message += text_of(*error, "errorMessage");
    add_frames(*error, "stackTrace", evidence.stack);
    add_frames(*error, "trace", evidence.stack);
    const auto cause = error->find("cause");
    if (cause == error->end()) break;
    error = &*cause;
  }
  return evidence;
}

}  // namespace coldframe
