// Small text tools of the scripted runtime: escapes, quantities, JSON strings, base64.
//
//   unescape(R"(a\tb\x0a)")            -> "a<TAB>b<LF>"
//   parse_duration("250ms")            -> 250 ms; also s and m
//   json_text_member(event, "do")      -> the string under that key of a JSON object, if any
//
// Whatever is malformed throws Stop with exit code 64 and one sentence.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace scripted {

// Ends the program: `what()` is the sentence, `place()` the FILE:LINE it is about.
class Stop : public std::runtime_error {
 public:
  Stop(int exit_code, const std::string& sentence, std::string place = {})
      : std::runtime_error(sentence), exit_code_(exit_code), place_(std::move(place)) {}

  [[nodiscard]] int exit_code() const { return exit_code_; }
  [[nodiscard]] const std::string& place() const { return place_; }

  // The same with a place, unless it has one: the innermost line is the one to name.
  [[nodiscard]] Stop at(const std::string& place) const {
    return place_.empty() ? Stop(exit_code_, what(), place) : *this;
  }

 private:
  int exit_code_;
  std::string place_;
};

constexpr int k_exit_usage = 64;        // the dialogue itself is wrong
constexpr int k_exit_next = 65;         // `next` was not answered with 200
constexpr int k_exit_expectation = 66;  // an `expect` failed
constexpr int k_exit_broken = 69;       // no connection, or it broke, or no HTTP came

// \n \r \t \0 \\ \; and \xHH; any other backslash is refused.
std::string unescape(std::string_view text);

std::uint64_t parse_number(std::string_view text);
std::uint64_t parse_size(std::string_view text);  // bytes; KB, MB and GB are powers of 1024
std::chrono::milliseconds parse_duration(std::string_view text);

std::string json_quote(std::string_view text);
std::string base64(std::string_view bytes);

// The value of a top-level key of a JSON object, unescaped, if it is a string; nothing if the text
// is no object, has no such key, or holds another type there.
std::optional<std::string> json_text_member(std::string_view json, std::string_view key);

}  // namespace scripted
