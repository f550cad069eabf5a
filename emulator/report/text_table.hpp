// Columns for people: left-aligned, two spaces apart, widths counted in characters, not bytes.
//
//   TextTable table({"case", "path"});
//   table.add({"digits-0007", "$.body!.score"});
//   out += table.text("  ");                       // every line indented
//
// And figures as people say them: 1.48 s, 52.1 ms, 0.412 ms, 187 MB.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coldframe {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text(std::string_view indent = "") const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::size_t width_of(std::string_view text);  // characters of UTF-8
std::string time_text(double ms);             // three digits and a unit
std::string bytes_text(double bytes);         // in MiB, as Lambda counts, written MB
std::string number_text(double value);        // up to four significant digits
// One line that a terminal shows as it is: control characters become spaces.
std::string one_line(std::string text);

}  // namespace coldframe
