#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <utility>

#include "emulator/base/limits.hpp"
#include "emulator/base/spelling.hpp"
#include "emulator/json/json_check.hpp"
#include "emulator/validate/bounded_file.hpp"
#include "emulator/validate/finding.hpp"
#include "emulator/validate/golden_case.hpp"

namespace coldframe {

namespace {

// The same bound as for a line of the golden file.
constexpr std::size_t k_longest_answer = std::size_t{16} << 20;

constexpr std::array<std::string_view, 8> k_keys{"id",   "event", "expect", "label",
                                                 "tags", "rules", "wrap",   "origin"};

// What other tools and people call our keys.
std::string meant_key(std::string_view key) {
  for (const std::string_view name : {"input", "request", "payload"}) {
    if (key == name) return "event";
  }
  for (const std::string_view name :
       {"output", "answer", "response", "result", "want", "wanted", "expectation"}) {
    if (key == name) return "expect";
  }
  return key == "name" ? "id" : nearest_word(key, {k_keys.begin(), k_keys.end()});
}

// The file behind "@name", read as it is.
Result<std::string> read_reference(const std::string& reference, const std::string& directory,
                                   std::size_t most, std::string_view who) {
  const std::string file = (std::filesystem::path(directory) / reference.substr(1)).string();
  Result<BoundedText> read = read_bounded(file, most);
  if (!read) {
    return usage_error(
        fmt::format("cannot read {}, named by \"{}\": {}", file, reference, read.error().message));
  }
  if (!read->too_large.empty()) {
    return usage_error(
        fmt::format("{} has {} bytes; {} takes at most {}", reference, read->too_large, who, most));
  }
  return std::move(read->text);
}

bool is_reference(const JsonValue& value) {
  return value.is(JsonKind::string) && value.text().size() > 1 && value.text().front() == '@';
}

// Whether the object has exactly these keys.
bool has_keys(const JsonValue& object, std::initializer_list<std::string_view> keys) {
  if (object.members().size() != keys.size()) return false;
  return std::all_of(keys.begin(), keys.end(),
                     [&](std::string_view key) { return object.find(key) != nullptr; });
}

// A literal answer may have any keys; these are more often a form that was not quite remembered.
std::string form_key_of(const JsonValue& value) {
  if (value.find("statusCode") != nullptr) return "";
  const JsonValue* status = value.find("status");
  if (status != nullptr && status->is(JsonKind::number)) return "status";
  for (const char* key : {"errors", "error"}) {
    const JsonValue* error = value.find(key);
    const bool described = error != nullptr && error->find("errorType") != nullptr;
    if (described || (error != nullptr && value.members().size() == 1)) return key;
  }
  return value.find("errorType") != nullptr ? "errorType" : "";
}

class LineParser {
 public:
  LineParser(std::string_view line, const std::string& directory)
      : line_(line), directory_(directory) {}

  Result<GoldenCase> parse() {
    const ParsedJson parsed = parse_json(line_);
    if (!parsed) {
      return usage_error(
          fmt::format("not JSON at column {}: {}", parsed.fault().column, parsed.fault().plain));
    }
    const JsonValue& object = parsed.value();
    if (!object.is(JsonKind::object)) {
      return usage_error(
          "a golden case must be a JSON object with \"id\", \"event\" and "
          "\"expect\"");
    }
    // A misspelt key first: without it, the right one would seem to be missing.
    for (const JsonMember& member : object.members()) {
      if (Result<void> known = check_key(member.key); !known) return known.error();
    }
    for (const std::string_view key : {"id", "event", "expect"}) {
      if (object.find(key) == nullptr) return usage_error(fmt::format("\"{}\" is missing", key));
    }
    for (const JsonMember& member : object.members()) {
      if (member.duplicate) return usage_error(fmt::format("\"{}\" is given twice", member.key));
      if (Result<void> read = read_key(member.key, member.value); !read) return read.error();
    }
    return std::move(case_);
  }

 private:
  static Result<void> check_key(const std::string& key) {
    if (std::find(k_keys.begin(), k_keys.end(), key) != k_keys.end()) return {};
    const std::string meant = meant_key(key);
    if (!meant.empty()) {
      return usage_error(fmt::format("\"{}\" is not a key of a golden case{}", shortened(key, 40),
                                     did_you_mean(meant)));
    }
    return usage_error(fmt::format("\"{}\" is not a key of a golden case; it has {}",
                                   shortened(key, 40), fmt::join(k_keys, ", ")));
  }

  Result<void> read_key(const std::string& key, const JsonValue& value) {
    if (key == "id") return read_id(value);
    if (key == "event") return read_event(value);
    if (key == "expect") return read_expect(value);
    if (key == "tags") return read_tags(value);
    if (key == "rules") return read_rules(value);
    if (key == "label") {
      case_.label = write_json(value);
      return {};
    }
    if (key == "wrap") return read_wrap(value);
    if (!value.is(JsonKind::object)) return usage_error("\"origin\" must be an object");
    return {};
  }

  Result<void> read_id(const JsonValue& value) {
    const auto is_odd = [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == ',';
    };
    const std::string& id = value.text();
    if (!value.is(JsonKind::string) || id.empty() || std::any_of(id.begin(), id.end(), is_odd)) {
      return usage_error(
          "\"id\" must be a text that is not empty, without commas or control "
          "characters");
    }
    case_.id = id;
    return {};
  }

  Result<void> read_event(const JsonValue& value) {
    const bool elsewhere = is_reference(value);
    if (elsewhere) {
      Result<std::string> text =
          read_reference(value.text(), directory_, limits::k_sync_request_bytes, "Lambda");
      if (!text) return text.error();
      case_.event = std::move(text).value();
    } else {
      case_.event = line_.substr(value.begin(), value.end() - value.begin());
    }
    if (case_.event.size() > limits::k_sync_request_bytes) {
      return usage_error(fmt::format("\"event\" has {} bytes; Lambda takes at most {}",
                                     case_.event.size(), limits::k_sync_request_bytes));
    }
    // The line was read tolerantly; an event must be JSON as Lambda takes it.
    if (const std::optional<JsonFault> fault = check_json(case_.event)) {
      if (elsewhere) {
        return usage_error(
            fmt::format("{} is not JSON that Lambda takes, at line {}, column {}: {}", value.text(),
                        fault->line, fault->column, fault->plain));
      }
      return usage_error(fmt::format("\"event\" is not JSON that Lambda takes, at column {}: {}",
                                     value.begin() + fault->column, fault->plain));
    }
    return {};
  }

  Result<void> read_expect(const JsonValue& value) {
    if (is_reference(value)) {
      Result<std::string> text =
          read_reference(value.text(), directory_, k_longest_answer, "an answer");
      if (!text) return text.error();
      ParsedJson parsed = parse_json(text.value());
      if (!parsed) {
        return usage_error(fmt::format("{} is not JSON at line {}, column {}: {}", value.text(),
                                       parsed.fault().line, parsed.fault().column,
                                       parsed.fault().plain));
      }
      case_.expect.value = parsed.take();
      return {};
    }
    if (has_keys(value, {"value"})) {
      case_.expect.value = *value.find("value");
      return {};
    }
    if (has_keys(value, {"error"})) return read_expected_error(*value.find("error"));
    if (has_keys(value, {"status", "body"})) return read_expected_status(value);
    if (has_keys(value, {"any"}) || has_keys(value, {"any", "rules"})) return read_any(value);
    case_.expect.value = value;
    case_.expect.form_key = form_key_of(value);
    return {};
  }

  Result<void> read_expected_error(const JsonValue& error) {
    const Error shape = usage_error(
        "\"expect\" with the single key \"error\" is a wanted function error and must be like "
        "{\"error\":{\"errorType\":\"KeyError\"}}; an answer that looks so is written "
        "{\"value\":…}");
    if (!error.is(JsonKind::object)) return shape;
    for (const JsonMember& member : error.members()) {
      if (!member.value.is(JsonKind::string)) return shape;
      if (member.key == "errorType") {
        case_.expect.error_type = member.value.text();
      } else if (member.key == "errorMessage") {
        case_.expect.error_message = member.value.text();
      } else {
        const std::string meant = nearest_word(member.key, {"errorType", "errorMessage"});
        if (meant.empty()) return shape;
        return usage_error(fmt::format("\"{}\" is not a key of a wanted function error{}",
                                       member.key, did_you_mean(meant)));
      }
    }
    case_.expect.kind = Expectation::Kind::error;
    return {};
  }

  Result<void> read_expected_status(const JsonValue& value) {
    const JsonValue& status = *value.find("status");
    const bool whole = status.is(JsonKind::number) && status.is_finite() &&
                       std::floor(status.number()) == status.number();
    if (!whole) {
      return usage_error(
          "\"expect\" with the keys \"status\" and \"body\" is a wanted HTTP answer "
          "and its status must be a whole number; an answer that looks so is "
          "written {\"value\":…}");
    }
    const std::string text = fmt::format("{{\"statusCode\":{},\"body\":{}}}", status.text(),
                                         write_json(*value.find("body")));
    case_.expect.kind = Expectation::Kind::status;
    case_.expect.value = parse_json(text).take();
    return {};
  }

  Result<void> read_any(const JsonValue& value) {
    if (!value.find("any")->is(JsonKind::boolean) || !value.find("any")->boolean()) {
      return usage_error(
          "\"expect\" with the key \"any\" must be {\"any\":true}, with \"rules\" if "
          "you like; an answer that looks so is written {\"value\":…}");
    }
    case_.expect.kind = Expectation::Kind::any;
    if (const JsonValue* rules = value.find("rules")) return read_rules(*rules);
    return {};
  }

  Result<void> read_rules(const JsonValue& value) {
    Result<RuleSet> rules = parse_rules(value);
    if (!rules) return usage_error(fmt::format("in its rules: {}", rules.error().message));
    for (const PathRule& rule : rules.value().rules())
      case_.rules.add(rule);
    return {};
  }

  Result<void> read_tags(const JsonValue& value) {
    const bool texts = value.is(JsonKind::array) &&
                       std::all_of(value.items().begin(), value.items().end(),
                                   [](const JsonValue& tag) { return tag.is(JsonKind::string); });
    if (!texts) return usage_error("\"tags\" must be a list of texts");
    for (const JsonValue& tag : value.items())
      case_.tags.push_back(tag.text());
    return {};
  }

  Result<void> read_wrap(const JsonValue& value) {
    const bool none = value.items().size() == 1 && value.items()[0].is(JsonKind::string) &&
                      value.items()[0].text() == "none";
    if (none) return {};
    return usage_error(
        "\"wrap\" can only be [\"none\"] in this version; write the envelope into "
        "the event");
  }

  std::string_view line_;
  const std::string& directory_;
  GoldenCase case_;
};

}  // namespace

Result<GoldenCase> parse_golden_line(std::string_view line, const std::string& directory) {
  return LineParser(line, directory).parse();
}

}  // namespace coldframe
