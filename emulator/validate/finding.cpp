#include "emulator/validate/finding.hpp"

#include <limits>
#include <utility>

namespace coldframe {

const char* to_text(FindingKind kind) {
  switch (kind) {
    case FindingKind::number:
      return "number";
    case FindingKind::text:
      return "text";
    case FindingKind::boolean:
      return "boolean";
    case FindingKind::type:
      return "type";
    case FindingKind::missing_key:
      return "missing_key";
    case FindingKind::extra_key:
      return "extra_key";
    case FindingKind::array_length:
      return "array_length";
    case FindingKind::non_finite:
      return "non_finite";
    case FindingKind::not_json:
      return "not_json";
    case FindingKind::double_encoding:
      return "double_encoding";
    case FindingKind::wrong_is_base64_encoded:
      return "wrong_is_base64_encoded";
    case FindingKind::body_not_text:
      return "body_not_text";
    case FindingKind::duplicate_key:
      return "duplicate_key";
    case FindingKind::lone_surrogate:
      return "lone_surrogate";
    case FindingKind::big_integer:
      return "big_integer";
    case FindingKind::unmatched_rule:
      return "unmatched_rule";
    case FindingKind::property:
      return "property";
    case FindingKind::function_error:
      return "function_error";
    case FindingKind::no_function_error:
      return "no_function_error";
    case FindingKind::no_answer:
      return "no_answer";
  }
  return "number";
}

const char* to_text(Pass pass) {
  switch (pass) {
    case Pass::cold:
      return "cold";
    case Pass::warm:
      return "warm";
    case Pass::both:
      return "both";
  }
  return "both";
}

std::optional<double> Finding::over() const {
  if (!abs || !allowed) return std::nullopt;
  if (*allowed > 0.0) return *abs / *allowed;
  return std::numeric_limits<double>::infinity();
}

bool Finding::same_place_and_value(const Finding& other) const {
  return severity == other.severity && kind == other.kind && path == other.path &&
         want == other.want && got == other.got && message == other.message;
}

namespace {

int rank(const Finding& finding) {
  if (finding.severity == Severity::warning) return 0;
  switch (finding.kind) {
    case FindingKind::no_answer:
      return 4;
    case FindingKind::number:
      return 2;
    case FindingKind::text:
    case FindingKind::boolean:
    case FindingKind::property:
      return 1;
    default:
      return 3;
  }
}

}  // namespace

bool worse(const Finding& a, const Finding& b) {
  const auto weight = [](const Finding& finding) {
    return std::pair(rank(finding), finding.over().value_or(0.0));
  };
  return weight(a) > weight(b);
}

std::string shortened(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t cut = limit;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80)
    --cut;
  text.resize(cut);
  text += "…";
  return text;
}

}  // namespace coldframe
