// JSON objects that a person has written, read key by key: every wrong value is a Fault that names
// its place in the file.
//
//   const Node top(json, "function.json: ");
//   if (top.has("Timeout")) seconds = top.integer("Timeout");
//
// Private to this room. A Fault is thrown between its files only; what the room offers turns it
// into an Error. A Node does not own its JSON.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/spelling.hpp"

namespace coldframe {

using Json = nlohmann::ordered_json;

struct Fault {
  std::string message;
  ExitCode code = ExitCode::usage;
};

inline void require(const Result<void>& result) {
  if (!result) throw Fault{result.error().message};
}

// Reads a JSON object; an error says where in the file it is.
Result<void> parse_json_object(std::string_view text, const std::filesystem::path& path, Json& out);

// The one of `names` that `key` may have been meant to be; empty: none.
template <typename Names>
std::string nearest(std::string_view key, const Names& names) {
  return nearest_word(key, {std::begin(names), std::end(names)});
}

// One JSON object with a place in the file, for messages.
class Node {
 public:
  Node(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  const Json& json() const { return json_; }
  const std::string& where() const { return where_; }
  std::string at(const std::string& key) const;
  bool has(const std::string& key) const;
  Node object(const std::string& key) const;
  std::string text(const std::string& key) const;
  std::int64_t integer(const std::string& key) const;
  // A list of texts; a single text counts as a list of one if `single` allows.
  std::vector<std::string> texts(const std::string& key, bool single = false) const;
  // A key that is nearly one of `names` was meant to be it; others are AWS's business.
  template <typename Names>
  void none_misspelled(const Names& names) const {
    for (auto& [key, value] : json_.items()) {
      if (std::find(names.begin(), names.end(), key) != names.end()) continue;
      if (const auto guess = nearest(key, names); !guess.empty()) {
        throw Fault{at(key) + " is not a known key" + did_you_mean(guess)};
      }
    }
  }
  template <typename Names>
  void only(const Names& names) const {
    for (auto& [key, value] : json_.items()) {
      if (std::find(names.begin(), names.end(), key) != names.end()) continue;
      throw Fault{at(key) + " is not a known key" + did_you_mean(nearest(key, names))};
    }
  }

 private:
  const Json& json_;
  std::string where_;
};

}  // namespace coldframe
