// Places in an answer: `$` is all of it, `.key` or `["odd key"]` a member, `[3]` an element, and
// `!` what a text holds when it is read as JSON: `$.body!.score`.
//
//   auto pattern = PathPattern::parse("$.body!.scores[*]");   // [*] any element, .* any member
//   pattern.value().covers(path)                              // that place or one beneath it
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/json/json_value.hpp"

namespace coldframe {

struct PathStep {
  enum class Kind { key, index, embedded, any_key, any_index };
  Kind kind = Kind::key;
  std::string key;
  std::size_t index = 0;
};

class JsonPath {
 public:
  void push_key(std::string_view key) {
    steps_.push_back({PathStep::Kind::key, std::string(key), 0});
  }
  void push_index(std::size_t index) { steps_.push_back({PathStep::Kind::index, {}, index}); }
  void push_embedded() { steps_.push_back({PathStep::Kind::embedded, {}, 0}); }
  void pop() { steps_.pop_back(); }
  const std::vector<PathStep>& steps() const { return steps_; }
  bool ends_in_key(std::string_view key) const {
    return !steps_.empty() && steps_.back().kind == PathStep::Kind::key && steps_.back().key == key;
  }
  std::string text() const;

 private:
  std::vector<PathStep> steps_;
};

class PathPattern {
 public:
  PathPattern() = default;  // `$`
  explicit PathPattern(std::vector<PathStep> steps) : steps_(std::move(steps)) {}
  static Result<PathPattern> parse(std::string_view text);

  bool covers(const JsonPath& path) const;  // the place, or one beneath it
  bool is_at(const JsonPath& path) const;   // exactly the place
  std::size_t length() const { return steps_.size(); }
  std::size_t literal_steps() const;  // those that are not `*`
  bool has_wildcard() const { return literal_steps() != length(); }
  std::string text() const;
  const std::vector<PathStep>& steps() const { return steps_; }

 private:
  std::vector<PathStep> steps_;
};

struct Located {
  std::string path;
  const JsonValue* value = nullptr;
};

// Every value at the pattern; of duplicate keys that of the last. `!` on a value that is no text is
// the value itself, since goldens hold bodies already read; a `body` is read out of base64 where
// the flag beside it says so. What `!` had to parse is kept in `arena`, which must outlive the
// result.
std::vector<Located> locate(const JsonValue& root, const PathPattern& pattern,
                            std::deque<JsonValue>& arena);

}  // namespace coldframe
