// The words of a JSON text: white space, literals, numbers and strings, each checked and each fault
// worded twice: as Lambda's Java parser words it, and plainly. Used by check_json and parse_json,
// by nobody else.
//
//   JsonScanner scan(text, {.non_finite_numbers = true});
//   scan.skip_space();
//   if (!scan.read_string(is_name, &decoded, &lone)) return scan.take_fault();
//
// A read_… returns false after it has set the fault; nothing may be read then. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/json/json_check.hpp"

namespace coldframe {

class JsonScanner {
 public:
  // As Lambda's parser names what can be a value.
  static constexpr std::string_view k_value_list =
      "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

  struct Options {
    bool non_finite_numbers = false;  // NaN, Infinity and -Infinity are numbers
  };

  JsonScanner(std::string_view text, Options options) : text_(text), options_(options) {}

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return text_[at_]; }
  std::size_t offset() const { return at_; }
  std::string_view bytes(std::size_t begin) const { return text_.substr(begin, at_ - begin); }
  void advance() { ++at_; }
  void skip_space();

  // At a letter: exactly this word, not followed by another letter.
  bool read_word(std::string_view word);
  // At '-' or a digit.
  bool read_number();
  // At the opening quote. `decoded` may be null; `lone_surrogate` is set, never cleared.
  bool read_string(bool is_name, std::string* decoded, bool* lone_surrogate);
  // Whether NaN or Infinity begins here and is allowed; then it has been read.
  bool read_non_finite();

  // Faults. Each returns false.
  bool fail_value();  // no value can begin here
  // The character here is none of those expected; the text ended.
  bool fail_character(std::string_view expected, std::string plain);
  bool fail_end(std::string_view expected, std::string plain);
  bool fail(std::size_t offset, std::string reason, std::string plain);

  // "[Source: …; line: 1, column: 7]" and "line 1, column 7" for a byte.
  std::string place(std::size_t offset) const;
  std::string plain_place(std::size_t offset) const;
  std::string shown(std::size_t offset) const;  // 'b', or the code of what cannot be shown
  JsonFault take_fault() { return std::move(*fault_); }

 private:
  bool read_escape(std::string* decoded, bool* lone_surrogate);
  bool read_hex4(std::uint32_t& unit);
  bool read_utf8(std::string* decoded);
  bool read_digits();
  bool fail_in_escape();
  std::string described(std::size_t offset) const;  // 'b' (code 98)

  std::string_view text_;
  Options options_;
  std::size_t at_ = 0;
  std::optional<JsonFault> fault_;
};

}  // namespace coldframe
