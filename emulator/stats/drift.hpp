// Whether something grows from invoke to invoke for good, by what was counted after each.
//
//   Drift descriptors;
//   descriptors.add(0, 12); descriptors.add(1, 13); …      // invoke of the environment, value
//   if (const auto growth = descriptors.growth(3)) growth->each();   // 1.0 an invoke
//
// The first three invokes are left out: connections are opened and caches filled then. Of the rest,
// in four parts of as many, the lowest value must rise from part to part, no value may be below one
// of two parts before, the last step must be half an average one at least, and the end of the last
// part must be above its lowest: a cache or a pool that fills up grows more slowly, noise comes
// down again. Of values that are pure chance, one sequence of a hundred or fewer passes, if it is
// short; with the least rise that is asked for hardly any.
//
// At most 64 values are kept, evenly over the time. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace coldframe {

struct Growth {
  std::int64_t first = 0;    // value after the first invoke that counts
  std::int64_t last = 0;     // and after the last
  std::int64_t invokes = 0;  // from one to the other, both included; ≥ 10
  std::int64_t last_invoke = 0;
  // With each invoke; > 0.
  double each() const {
    return static_cast<double>(last - first) / static_cast<double>(invokes - 1);
  }
};

class Drift {
 public:
  // `invoke` from 0, ascending; some may be left out.
  void add(std::int64_t invoke, std::int64_t value);
  // `least`: a smaller rise from first to last is none, ≥ 1. Nothing: no growth, or too few values.
  std::optional<Growth> growth(std::int64_t least) const;
  void clear();

 private:
  struct Point {
    std::int64_t invoke;
    std::int64_t value;
  };
  std::vector<Point> points_;
  std::int64_t stride_ = 1;
};

}  // namespace coldframe
