#include "emulator/report/payload_advice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/json/json_value.hpp"

namespace coldframe {
namespace {

// The first number in it that is none; empty if all are. Depth is bounded by the parser.
std::string non_finite_in(const JsonValue& value) {
  if (value.is(JsonKind::number)) return value.is_finite() ? "" : value.text();
  for (const JsonValue& item : value.items()) {
    if (std::string found = non_finite_in(item); !found.empty()) return found;
  }
  for (const JsonMember& member : value.members()) {
    if (std::string found = non_finite_in(member.value); !found.empty()) return found;
  }
  return "";
}

// Most answers hold neither word, and are not parsed.
bool may_have_one(std::string_view text) {
  return text.find("NaN") != std::string_view::npos ||
         text.find("Infinity") != std::string_view::npos;
}

}  // namespace

std::string payload_advice(std::string_view payload) {
  if (!may_have_one(payload)) return "";
  const ParsedJson answer = parse_json(payload);
  if (!answer) return "";
  if (const std::string found = non_finite_in(answer.value()); !found.empty()) {
    return fmt::format(
        "the answer holds {}, which is not JSON: Lambda passes it on, and most clients refuse it",
        found);
  }
  const JsonValue* body = answer.value().find("body");
  if (body == nullptr || !body->is(JsonKind::string) || !may_have_one(body->text())) return "";
  const ParsedJson inner = parse_json(body->text());
  const std::string found = inner ? non_finite_in(inner.value()) : "";
  if (found.empty()) return "";
  return fmt::format(
      "the body of the answer holds {}, which is not JSON: Lambda passes it on, and most clients "
      "refuse it",
      found);
}

}  // namespace coldframe
