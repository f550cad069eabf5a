// Comparing what a text holds: JSON inside a body, base64 around it, and the two classic mistakes
// with both (encoded twice; a flag that does not tell the truth).
#include <fmt/format.h>

#include <optional>

#include "emulator/validate/base64.hpp"
#include "emulator/validate/comparer.hpp"

namespace coldframe {

namespace {

// Escaping doubles with every level, so real answers hold one or two.
constexpr int k_most_levels = 8;

bool is_container_text(const std::string& text) {
  const ParsedJson parsed = parse_json(text);
  return parsed && parsed.value().is_container();
}

// What is wanted inside a text: the value itself where the golden holds it already read.
std::optional<JsonValue> value_in(const JsonValue& value, const std::string& text) {
  if (!value.is(JsonKind::string)) return value;
  ParsedJson parsed = parse_json(text);
  if (!parsed) return std::nullopt;
  return parsed.take();
}

bool is_finite_number(const std::optional<JsonValue>& value) {
  return value && value->is(JsonKind::number) && value->is_finite();
}

bool is_number_text(const std::string& text) {
  const ParsedJson parsed = parse_json(text);
  return parsed && parsed.value().is(JsonKind::number);
}

bool is_proxy_answer(const JsonValue* object) {
  return object != nullptr && object->find("statusCode") != nullptr;
}

bool is_base64_in(const JsonValue* object) {
  return object != nullptr && is_flagged_base64(*object);
}

}  // namespace

void Comparer::embedded(const JsonValue& want, const JsonValue* want_parent, const JsonValue& got,
                        const JsonValue* got_parent) {
  std::string got_text = got.text();
  if (is_base64_in(got_parent)) {
    std::optional<std::string> decoded = decode_base64(got_text);
    const bool plain_wanted = !(want.is(JsonKind::string) && want.text() == got_text);
    if (!decoded && (plain_wanted || is_container_text(got_text))) {
      fail(FindingKind::wrong_is_base64_encoded, &want, &got,
           "isBase64Encoded is true, but the body is not base64");
      return;
    }
    if (decoded) got_text = std::move(*decoded);
  }
  std::string want_text = want.text();
  if (want.is(JsonKind::string) && is_base64_in(want_parent)) {
    if (std::optional<std::string> decoded = decode_base64(want_text)) {
      want_text = std::move(*decoded);
    }
  }
  const std::optional<JsonValue> inner_want = value_in(want, want_text);
  // A number that is the whole body of a proxy answer is a score. In other texts it is just as
  // often a version, where 1.1 is not 1.10.
  const bool whole_body =
      path_.steps().size() == 1 && is_proxy_answer(want_parent) && is_proxy_answer(got_parent);
  const bool inside = !want.is(JsonKind::string) || (inner_want && inner_want->is_container()) ||
                      (whole_body && is_finite_number(inner_want) && is_number_text(got_text));
  if (inside && embedded_depth_ < k_most_levels) {
    embedded_json(*inner_want, got, got_text);
    return;
  }
  if (want_text == got_text) return;
  const ParsedJson inner = parse_json(got_text);
  if (inner && inner.value().is(JsonKind::string) && inner.value().text() == want_text) {
    fail(FindingKind::double_encoding, &want, &got, "the wanted text, encoded as JSON once more");
    return;
  }
  scalars(JsonValue::of_text(want_text), JsonValue::of_text(got_text), rules_.at(path_, base_));
}

void Comparer::embedded_json(const JsonValue& want, const JsonValue& got,
                             const std::string& got_text) {
  const ParsedJson inner = parse_json(got_text);
  if (inner && inner.value().is(JsonKind::string) && want.is_container() &&
      is_container_text(inner.value().text())) {
    fail(FindingKind::double_encoding, &want, &got, "the body was encoded as JSON twice");
    return;
  }
  if (!inner) {
    const std::optional<std::string> decoded = decode_base64(got_text);
    if (decoded && is_container_text(*decoded)) {
      fail(FindingKind::wrong_is_base64_encoded, &want, &got,
           "the body is base64, but isBase64Encoded is not true");
    } else {
      fail(FindingKind::not_json, &want, &got,
           fmt::format("the text is not JSON: {} (line {}, column {} in it)", inner.fault().plain,
                       inner.fault().line, inner.fault().column));
    }
    return;
  }
  path_.push_embedded();
  ++embedded_depth_;
  values(want, inner.value());
  --embedded_depth_;
  path_.pop();
}

// JSON in a text that no golden describes: what a client finds in it must be sound as well.
void Comparer::unwanted_text(const JsonValue& got, const JsonValue* parent, const LeafRule& rule) {
  const bool is_body = path_.ends_in_key("body");
  if (!rule.embedded.value_or(is_body) || embedded_depth_ >= k_most_levels) return;
  std::string text = got.text();
  if (is_body && parent != nullptr && is_flagged_base64(*parent)) {
    if (std::optional<std::string> decoded = decode_base64(text)) text = std::move(*decoded);
  }
  const ParsedJson inner = parse_json(text);
  if (!inner || !inner.value().is_container()) return;
  path_.push_embedded();
  ++embedded_depth_;
  unwanted(inner.value());
  --embedded_depth_;
  path_.pop();
}

}  // namespace coldframe
