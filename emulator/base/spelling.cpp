#include "emulator/base/spelling.hpp"

#include <algorithm>

namespace coldframe {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t best_distance = 3;
  for (const std::string_view name : known) {
    if (word.size() > name.size() + 2) continue;  // a key may be as long as it likes
    const std::size_t distance = edit_distance(word, name);
    if (distance < best_distance && distance <= (name.size() <= 3 ? 1U : 2U)) {
      best = name;
      best_distance = distance;
    }
  }
  return std::string(best);
}

}  // namespace coldframe
