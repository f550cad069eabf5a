#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

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

Result<std::string> read_text(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return usage_error(fmt::format("{} is a directory; name a .jsonl file of golden cases", file));
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return usage_error(fmt::format("cannot read {}: {}", file, std::strerror(errno)));
  }
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (stream.bad()) return usage_error(fmt::format("cannot read {} to its end", file));
  return text;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// Where each id was first seen, over all files.
using Seen = std::map<std::string, std::pair<std::string, std::size_t>, std::less<>>;

Result<void> read_file(const std::string& file, GoldenSuite& suite, Seen& seen) {
  Result<std::string> text = read_text(file);
  if (!text) return text.error();
  std::string_view rest = text.value();
  constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";
  if (rest.substr(0, 3) == k_byte_order_mark) rest.remove_prefix(3);
  const std::string directory = std::filesystem::path(file).parent_path().string();
  const std::size_t cases_before = suite.cases.size();
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
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
  for (const std::string& file : files) {
    if (Result<void> read = read_file(file, suite, seen); !read) return read.error();
  }
  if (suite.cases.empty()) return usage_error("no golden file was given; name one with --golden");
  return suite;
}

}  // namespace coldframe
