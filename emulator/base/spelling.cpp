#include "emulator/base/spelling.hpp"

#include <algorithm>
#include <numeric>

namespace coldframe {
namespace {

// Letters wrong, missing, too many, or two neighbours in the wrong order.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      next[j] =
          std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    before.swap(row);
    row.swap(next);
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
    if (distance < best_distance && distance <= (name.size() <= 4 ? 1U : 2U)) {
      best = name;
      best_distance = distance;
    }
  }
  return std::string(best);
}

std::string did_you_mean(std::string_view meant, std::string_view quote) {
  if (meant.empty()) return "";
  std::string out = "; did you mean ";
  out.append(quote).append(meant).append(quote).append("?");
  return out;
}

}  // namespace coldframe
