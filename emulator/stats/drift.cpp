#include "emulator/stats/drift.hpp"

#include <algorithm>
#include <array>

namespace coldframe {
namespace {

constexpr std::int64_t k_warm_up = 3;  // invokes
constexpr std::int64_t k_fewest = 10;  // invokes after it
constexpr std::size_t k_fewest_values = 8;
constexpr std::size_t k_most_values = 64;
constexpr std::size_t k_parts = 4;

}  // namespace

void Drift::add(std::int64_t invoke, std::int64_t value) {
  if (invoke < k_warm_up) return;
  if (!points_.empty() && invoke < points_.back().invoke + stride_) return;
  points_.push_back({invoke, value});
  if (points_.size() < k_most_values) return;
  for (std::size_t i = 0; 2 * i < points_.size(); ++i)
    points_[i] = points_[2 * i];
  points_.resize(points_.size() / 2);
  stride_ *= 2;
}

void Drift::clear() {
  points_.clear();
  stride_ = 1;
}

std::optional<Growth> Drift::growth(std::int64_t least) const {
  if (points_.size() < k_fewest_values) return std::nullopt;
  const Point& first = points_.front();
  const Point& last = points_.back();
  const Growth growth{first.value, last.value, last.invoke - first.invoke + 1, last.invoke};
  if (growth.invokes < k_fewest || growth.last - growth.first < least) return std::nullopt;
  std::array<std::int64_t, k_parts> low{};
  std::array<std::int64_t, k_parts> high{};
  for (std::size_t part = 0; part < k_parts; ++part) {
    const auto at = [&](std::size_t i) {
      return points_.begin() + static_cast<std::ptrdiff_t>(i * points_.size() / k_parts);
    };
    const auto [lowest, highest] = std::minmax_element(
        at(part), at(part + 1), [](const Point& a, const Point& b) { return a.value < b.value; });
    low[part] = lowest->value;
    high[part] = highest->value;
  }
  for (std::size_t part = 1; part < k_parts; ++part) {
    if (low[part] <= low[part - 1]) return std::nullopt;
    if (part >= 2 && low[part] <= high[part - 2]) return std::nullopt;
  }
  if (last.value <= low[k_parts - 1]) return std::nullopt;
  const std::int64_t risen = low[k_parts - 1] - low[0];
  const std::int64_t last_step = low[k_parts - 1] - low[k_parts - 2];
  if (2 * risen < least || 2 * static_cast<std::int64_t>(k_parts - 1) * last_step < risen) {
    return std::nullopt;
  }
  return growth;
}

}  // namespace coldframe
