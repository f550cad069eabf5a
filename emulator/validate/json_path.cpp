#include "emulator/validate/json_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "emulator/validate/base64.hpp"

namespace coldframe {

namespace {

bool is_plain_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::string written(const std::vector<PathStep>& steps) {
  std::string out = "$";
  for (const PathStep& step : steps) {
    switch (step.kind) {
      case PathStep::Kind::key:
        if (!step.key.empty() && std::all_of(step.key.begin(), step.key.end(), is_plain_key_char)) {
          out += "." + step.key;
        } else {
          out += "[" + quote_json(step.key) + "]";
        }
        break;
      case PathStep::Kind::index:
        out += fmt::format("[{}]", step.index);
        break;
      case PathStep::Kind::embedded:
        out += "!";
        break;
      case PathStep::Kind::any_key:
        out += ".*";
        break;
      case PathStep::Kind::any_index:
        out += "[*]";
        break;
    }
  }
  return out;
}

bool fits(const PathStep& pattern, const PathStep& step) {
  using Kind = PathStep::Kind;
  switch (pattern.kind) {
    case Kind::any_key:
      return step.kind == Kind::key;
    case Kind::any_index:
      return step.kind == Kind::index;
    case Kind::key:
      return step.kind == Kind::key && step.key == pattern.key;
    case Kind::index:
      return step.kind == Kind::index && step.index == pattern.index;
    case Kind::embedded:
      return step.kind == Kind::embedded;
  }
  return false;
}

Error bad_path(std::string_view text) {
  return usage_error(fmt::format(
      "\"{}\" is not a path; write one like $.body!.score, $.scores[0], $.scores[*] or $[\"a b\"]",
      text));
}

// The step that begins at `at` ("[…]"), and where the next one begins.
bool parse_bracket(std::string_view text, std::size_t& at, PathStep& step) {
  const std::size_t begin = at + 1;
  if (text.substr(begin, 2) == "*]") {
    step.kind = PathStep::Kind::any_index;
    at = begin + 2;
    return true;
  }
  if (begin < text.size() && text[begin] == '"') {
    std::size_t end = begin + 1;
    while (end < text.size() && text[end] != '"')
      end += text[end] == '\\' ? 2 : 1;
    if (end >= text.size() || text.substr(end + 1, 1) != "]") return false;
    const ParsedJson key = parse_json(text.substr(begin, end + 1 - begin));
    if (!key) return false;
    step.key = key.value().text();
    at = end + 2;
    return true;
  }
  step.kind = PathStep::Kind::index;
  const auto [end, error] =
      std::from_chars(text.data() + begin, text.data() + text.size(), step.index);
  const auto stop = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || text.substr(stop, 1) != "]") return false;
  at = stop + 1;
  return true;
}

bool parse_dotted(std::string_view text, std::size_t& at, PathStep& step) {
  if (text.substr(at + 1, 1) == "*") {
    step.kind = PathStep::Kind::any_key;
    at += 2;
    return true;
  }
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != '.' && text[end] != '[' && text[end] != '!')
    ++end;
  step.key = text.substr(at + 1, end - at - 1);
  at = end;
  return !step.key.empty();
}

}  // namespace

std::string JsonPath::text() const { return written(steps_); }
std::string PathPattern::text() const { return written(steps_); }

Result<PathPattern> PathPattern::parse(std::string_view text) {
  PathPattern pattern;
  if (text.empty() || text.front() != '$') return bad_path(text);
  for (std::size_t at = 1; at < text.size();) {
    PathStep step;
    bool good = true;
    if (text[at] == '!') {
      step.kind = PathStep::Kind::embedded;
      ++at;
    } else if (text[at] == '[') {
      good = parse_bracket(text, at, step);
    } else if (text[at] == '.') {
      good = parse_dotted(text, at, step);
    } else {
      good = false;
    }
    if (!good) return bad_path(text);
    pattern.steps_.push_back(std::move(step));
  }
  return pattern;
}

bool PathPattern::covers(const JsonPath& path) const {
  if (steps_.size() > path.steps().size()) return false;
  return std::equal(steps_.begin(), steps_.end(), path.steps().begin(), fits);
}

bool PathPattern::is_at(const JsonPath& path) const {
  return steps_.size() == path.steps().size() && covers(path);
}

std::size_t PathPattern::literal_steps() const {
  return static_cast<std::size_t>(std::count_if(steps_.begin(), steps_.end(), [](const auto& step) {
    return step.kind != PathStep::Kind::any_key && step.kind != PathStep::Kind::any_index;
  }));
}

namespace {

class Locator {
 public:
  Locator(const PathPattern& pattern, std::deque<JsonValue>& arena)
      : steps_(pattern.steps()), arena_(arena) {}

  // `parent`: the object or array that the value is in.
  void walk(const JsonValue& value, std::size_t depth, const JsonValue* parent = nullptr) {
    if (depth == steps_.size()) {
      found_.push_back({path_.text(), &value});
      return;
    }
    const PathStep& step = steps_[depth];
    using Kind = PathStep::Kind;
    if (step.kind == Kind::embedded) {
      walk_embedded(value, depth, parent);
    } else if (step.kind == Kind::key) {
      const JsonValue* member = value.find(step.key);
      if (member != nullptr) walk_member(step.key, *member, depth, value);
    } else if (step.kind == Kind::any_key) {
      walk_members(value, depth);
    } else {
      for (std::size_t i = 0; i < value.items().size(); ++i) {
        if (step.kind == Kind::index && i != step.index) continue;
        path_.push_index(i);
        walk(value.items()[i], depth + 1, &value);
        path_.pop();
      }
    }
  }

  std::vector<Located> take() { return std::move(found_); }

 private:
  void walk_member(std::string_view key, const JsonValue& member, std::size_t depth,
                   const JsonValue& object) {
    path_.push_key(key);
    walk(member, depth + 1, &object);
    path_.pop();
  }

  // Of duplicate keys the last, as most readers take it.
  void walk_members(const JsonValue& object, std::size_t depth) {
    std::unordered_map<std::string_view, const JsonValue*> last;
    if (object.has_duplicate_keys()) {
      for (const JsonMember& member : object.members())
        last[member.key] = &member.value;
    }
    for (const JsonMember& member : object.members()) {
      if (!last.empty() && last[member.key] != &member.value) continue;
      walk_member(member.key, member.value, depth, object);
    }
  }

  void walk_embedded(const JsonValue& value, std::size_t depth, const JsonValue* parent) {
    std::optional<std::string> decoded;
    if (path_.ends_in_key("body") && parent != nullptr && is_flagged_base64(*parent)) {
      decoded = decode_base64(value.text());
    }
    path_.push_embedded();
    if (!value.is(JsonKind::string)) {
      walk(value, depth + 1);
    } else if (ParsedJson inner = parse_json(decoded ? *decoded : value.text())) {
      walk(arena_.emplace_back(inner.take()), depth + 1);
    }
    path_.pop();
  }

  const std::vector<PathStep>& steps_;
  std::deque<JsonValue>& arena_;
  JsonPath path_;
  std::vector<Located> found_;
};

}  // namespace

std::vector<Located> locate(const JsonValue& root, const PathPattern& pattern,
                            std::deque<JsonValue>& arena) {
  Locator locator(pattern, arena);
  locator.walk(root, 0);
  return locator.take();
}

}  // namespace coldframe
