// The grammar of JSON over the scanner's words, without recursion. What is found goes to a handler:
//
//   struct Handler {
//     void open(bool object, std::size_t at);  void close(std::size_t end);
//     void key(std::string_view decoded, bool lone_surrogate);
//     void scalar(JsonKind, bool, std::string_view text, bool lone_surrogate,
//                 std::size_t begin, std::size_t end);
//     static constexpr bool k_wants_text;      // false: strings are checked, not decoded
//   };
//   bool ok = JsonReader(scanner, handler).read_document();  // false: scanner.take_fault() says
//   why
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/json/json_value.hpp"
#include "emulator/json/scanner.hpp"

namespace coldframe {

template <typename Handler>
class JsonReader {
 public:
  JsonReader(JsonScanner& scanner, Handler& handler) : scan_(scanner), handler_(handler) {}

  bool read_document() {
    scan_.skip_space();
    if (scan_.at_end()) {
      return scan_.fail(scan_.offset(), "No content to map due to end-of-input", "it is empty");
    }
    if (!read_value()) return false;
    while (!open_.empty()) {
      if (!read_in_container()) return false;
    }
    scan_.skip_space();
    if (scan_.at_end()) return true;
    return scan_.fail_character(
        "expected nothing after the end of the document",
        fmt::format("the value has ended, and {} follows it", scan_.shown(scan_.offset())));
  }

 private:
  struct Open {
    bool object;
    bool empty;
    std::size_t begin;
  };

  bool fail_unclosed() {
    const Open& top = open_.back();
    return scan_.fail_end(fmt::format("expected close marker for {} (start marker at {})",
                                      top.object ? "Object" : "Array", scan_.place(top.begin)),
                          fmt::format("it ends, and the '{}' at {} is not closed",
                                      top.object ? '{' : '[', scan_.plain_place(top.begin)));
  }

  // Lambda's parser misses what should follow the comma, people have one comma too many.
  bool fail_comma_before(char closer) {
    const std::string plain = fmt::format("a comma stands before the closing '{}'", closer);
    if (closer == '}') {
      return scan_.fail_character("was expecting double-quote to start field name", plain);
    }
    return scan_.fail_character(fmt::format("expected a valid value {}", JsonScanner::k_value_list),
                                plain);
  }

  // After an opening marker or after a value: a close marker, or a comma and the next value.
  bool read_in_container() {
    scan_.skip_space();
    if (scan_.at_end()) return fail_unclosed();
    Open& top = open_.back();
    const char closer = top.object ? '}' : ']';
    if (scan_.peek() == closer) {
      scan_.advance();
      handler_.close(scan_.offset());
      open_.pop_back();
      return true;
    }
    if (scan_.peek() == '}' || scan_.peek() == ']') {
      return scan_.fail(scan_.offset(),
                        fmt::format("Unexpected close marker '{}': expected '{}' (for {} starting "
                                    "at {})",
                                    scan_.peek(), closer, top.object ? "Object" : "Array",
                                    scan_.place(top.begin)),
                        fmt::format("'{}' where '{}' is wanted, for the '{}' at {}", scan_.peek(),
                                    closer, top.object ? '{' : '[', scan_.plain_place(top.begin)));
    }
    if (!top.empty) {
      if (scan_.peek() != ',') {
        return scan_.fail_character(top.object ? "was expecting comma to separate Object entries"
                                               : "was expecting comma to separate Array entries",
                                    fmt::format("a comma or '{}' is missing before {}", closer,
                                                scan_.shown(scan_.offset())));
      }
      scan_.advance();
      scan_.skip_space();
      if (scan_.at_end()) return fail_unclosed();
      if (scan_.peek() == closer) return fail_comma_before(closer);
    }
    top.empty = false;
    return top.object ? read_member() : read_value();
  }

  bool read_member() {
    if (scan_.peek() != '"') {
      return scan_.fail_character("was expecting double-quote to start field name",
                                  scan_.peek() == '\''
                                      ? std::string("a key needs double quotes, not single ones")
                                      : fmt::format("a key in double quotes is wanted, not {}",
                                                    scan_.shown(scan_.offset())));
    }
    text_.clear();
    bool lone_surrogate = false;
    if (!scan_.read_string(true, Handler::k_wants_text ? &text_ : nullptr, &lone_surrogate)) {
      return false;
    }
    handler_.key(text_, lone_surrogate);
    scan_.skip_space();
    if (scan_.at_end()) return fail_unclosed();
    if (scan_.peek() != ':') {
      return scan_.fail_character(
          "was expecting a colon to separate field name and value",
          fmt::format("a colon is missing before {}", scan_.shown(scan_.offset())));
    }
    scan_.advance();
    scan_.skip_space();
    if (scan_.at_end()) return fail_unclosed();
    return read_value();
  }

  bool read_value() {
    const std::size_t begin = scan_.offset();
    const char c = scan_.peek();
    if (c == '{' || c == '[') {
      if (open_.size() == k_json_max_depth) {
        return scan_.fail(begin,
                          fmt::format("Document nesting depth ({}) exceeds the maximum allowed ({},"
                                      " from `StreamReadConstraints.getMaxNestingDepth()`)",
                                      k_json_max_depth + 1, k_json_max_depth),
                          fmt::format("it is nested more than {} levels deep", k_json_max_depth));
      }
      scan_.advance();
      handler_.open(c == '{', begin);
      open_.push_back({c == '{', true, begin});
      return true;
    }
    text_.clear();
    bool lone_surrogate = false;
    JsonKind kind = JsonKind::null;
    if (c == '"') {
      kind = JsonKind::string;
      if (!scan_.read_string(false, Handler::k_wants_text ? &text_ : nullptr, &lone_surrogate)) {
        return false;
      }
    } else if (scan_.read_non_finite()) {
      kind = JsonKind::number;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      kind = JsonKind::number;
      if (!scan_.read_number()) return false;
    } else if (c == 't' || c == 'f') {
      kind = JsonKind::boolean;
      if (!scan_.read_word(c == 't' ? "true" : "false")) return false;
    } else if (c == 'n') {
      if (!scan_.read_word("null")) return false;
    } else {
      return scan_.fail_value();
    }
    const std::string_view text = kind == JsonKind::number ? scan_.bytes(begin) : text_;
    handler_.scalar(kind, c == 't', text, lone_surrogate, begin, scan_.offset());
    return true;
  }

  JsonScanner& scan_;
  Handler& handler_;
  std::vector<Open> open_;
  std::string text_;
};

}  // namespace coldframe
