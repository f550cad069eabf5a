#include "emulator/violations/host_paths.hpp"

#include <algorithm>
#include <array>

namespace coldframe {
namespace {

constexpr std::size_t k_most = 20;
constexpr std::array<std::string_view, 7> k_words{
    "No such file or directory", "no such file or directory", "not found", "ENOENT", "os error 2",
    "can't open file",           "NoSuchFileException"};

bool says_missing(std::string_view line) {
  return std::any_of(k_words.begin(), k_words.end(),
                     [&](std::string_view word) { return line.find(word) != line.npos; });
}

void add_paths(std::string_view line, std::vector<std::string>& out) {
  constexpr std::string_view k_before = " \t'\"`(=[<";
  constexpr std::string_view k_after = " \t'\"`),;]>\\";
  for (std::size_t at = line.find('/'); at != line.npos && out.size() < k_most;) {
    const std::size_t end = std::min(line.find_first_of(k_after, at), line.size());
    if (at == 0 || k_before.find(line[at - 1]) != k_before.npos) {
      std::string_view path = line.substr(at, end - at);
      while (!path.empty() && (path.back() == ':' || path.back() == '.'))
        path.remove_suffix(1);
      const bool known = std::find(out.begin(), out.end(), path) != out.end();
      if (path.size() > 1 && !known) out.emplace_back(path);
    }
    at = line.find('/', end);
  }
}

}  // namespace

std::vector<std::string> missing_paths(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (says_missing(line)) add_paths(line, out);
    at = end + 1;
  }
  return out;
}

}  // namespace coldframe
