#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <utility>

#include "emulator/validate/bounded_file.hpp"
#include "emulator/validate/golden_case.hpp"

namespace coldframe {

const GoldenCase* GoldenSuite::find(std::string_view id) const {
  for (const GoldenCase& candidate : cases) {
    if (candidate.id == id) return &candidate;
  }
  return nullptr;
}

std::vector<const GoldenCase*> GoldenSuite::tagged(std::string_view tag) const {
  std::vector<const GoldenCase*> found;
  for (const GoldenCase& candidate : cases) {
    for (const std::string& own : candidate.tags) {
      if (own == tag) {
        found.push_back(&candidate);
        break;
      }
    }
  }
  return found;
}

namespace {

// An event and its answer may have 6 MB each.
constexpr std::size_t k_longest_line = std::size_t{16} << 20;
constexpr std::size_t k_most_bytes = std::size_t{1} << 30;  // of all files

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// Where each id was first seen, over all files.
using Seen = std::map<std::string, std::pair<std::string, std::size_t>, std::less<>>;

Result<void> read_file(const std::string& file, GoldenSuite& suite, Seen& seen,
                       std::size_t& bytes_left) {
  BoundedLines lines(k_longest_line, bytes_left);
  if (Result<void> opened = lines.open(file); !opened) {
    return usage_error(fmt::format("cannot read {}: {}", file, opened.error().message));
  }
  const std::string directory = std::filesystem::path(file).parent_path().string();
  const std::size_t cases_before = suite.cases.size();
  for (std::size_t number = 1;; ++number) {
    const Result<std::optional<std::string_view>> next = lines.next();
    if (!next) return usage_error(fmt::format("{}:{}: {}", file, number, next.error().message));
    if (!*next) break;
    std::string_view line = **next;
    constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";
    if (number == 1 && line.starts_with(k_byte_order_mark)) line.remove_prefix(3);
    if (is_blank(line)) continue;
    Result<GoldenCase> parsed = parse_golden_line(line, directory);
    if (!parsed) {
      return usage_error(fmt::format("{}:{}: {}", file, number, parsed.error().message));
    }
    GoldenCase golden = std::move(parsed).value();
    golden.file = file;
    golden.line = number;
    const auto [first, is_new] = seen.try_emplace(golden.id, file, number);
    if (!is_new) {
      return usage_error(fmt::format("{}:{}: the id \"{}\" is already used at {}:{}", file, number,
                                     golden.id, first->second.first, first->second.second));
    }
    suite.cases.push_back(std::move(golden));
  }
  if (suite.cases.size() == cases_before) {
    return usage_error(
        fmt::format("{} holds no golden case; write one JSON object on each line", file));
  }
  return {};
}

}  // namespace

Result<GoldenSuite> read_goldens(const std::vector<std::string>& files) {
  GoldenSuite suite;
  suite.files = files;
  Seen seen;
  std::size_t bytes_left = k_most_bytes;
  for (const std::string& file : files) {
    if (Result<void> read = read_file(file, suite, seen, bytes_left); !read) return read.error();
  }
  if (suite.cases.empty()) return usage_error("no golden file was given; name one with --golden");
  return suite;
}

}  // namespace coldframe
