#include "emulator/config/event_source.hpp"

#include <unistd.h>

#include "emulator/base/limits.hpp"
#include "emulator/json/json_check.hpp"
#include "emulator/json/utf8.hpp"

namespace coldframe {
namespace {

Result<std::string> read_standard_input() {
  std::string text;
  char buffer[64 * 1024];
  ssize_t got = 0;
  while ((got = ::read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > limits::k_sync_request_bytes) break;
  }
  if (got < 0) return usage_error("cannot read the event from standard input");
  return text;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto character = utf8::decode(text);
    if (character.length == 0) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

// `whole`: the text is all that there is, and not what was read until it was too much.
Result<std::string> check_event(std::string text, const std::string& where, bool whole = true) {
  constexpr std::size_t most = limits::k_sync_request_bytes;
  if (text.size() > most) {
    return usage_error(where + " has " +
                       (whole ? std::to_string(text.size()) : "more than " + std::to_string(most)) +
                       " bytes; Lambda takes at most " + std::to_string(most));
  }
  if (auto fault = check_json(text)) {
    return usage_error(where + ":" + std::to_string(fault->line) + ":" +
                       std::to_string(fault->column) + ": not JSON: " + fault->plain);
  }
  return text;
}

}  // namespace

Result<std::string> read_event(const EventOptions& o, const FunctionFile& function) {
  const int given = (o.file.empty() ? 0 : 1) + (o.text ? 1 : 0) + (o.body ? 1 : 0);
  if (given > 1) return usage_error("give one of --event-file, --event and --body");
  if (!o.envelope.empty() && !o.body) return usage_error("--as needs a --body");
  if (o.body) {
    if (o.envelope.empty()) return usage_error("--body needs --as apigw-v1, apigw-v2, url or alb");
    if (!is_utf8(*o.body))
      return usage_error("--body is not UTF-8; put binary bodies into an event file");
    auto event =
        build_envelope(o.envelope, *o.body, function.config, std::chrono::system_clock::now());
    if (!event) return event;
    return check_event(std::move(*event), "the event around --body");
  }
  if (o.text) return check_event(*o.text, "--event");
  if (o.file == "-") {
    auto text = read_standard_input();
    if (!text) return text;
    return check_event(std::move(*text), "standard input", false);
  }
  const std::string path = o.file.empty() ? function.event.string() : o.file;
  if (path.empty()) return std::string("{}");
  auto text = read_text_file(path, "event file", limits::k_sync_request_bytes);
  if (!text) {
    if (!o.file.empty() && path.find('=') != std::string::npos) {
      return usage_error("cannot read event file '" + path +
                         "'; for an environment variable, did "
                         "you mean -E?");
    }
    if (path.starts_with('{') || path.starts_with('[') || path.starts_with('"')) {
      return usage_error("-e names a file, and '" + path +
                         "' is none; --event takes the event itself");
    }
    return Error{text.error().code,
                 text.error().message + hint_in_directory(o.file, function.config)};
  }
  return check_event(std::move(*text), path);
}

}  // namespace coldframe
