#include "emulator/limits/core_speed.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace coldframe {
namespace {

constexpr int k_repetitions = 15;

double cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Results go where the compiler cannot see that nobody reads them.
volatile std::uint64_t integer_result;
volatile double floating_result;

int integer_work() {
  constexpr int k_steps = 10'000'000;
  std::uint64_t x = 88172645463325252ULL;
  for (int i = 0; i < k_steps; ++i) {
    x ^= x >> 29;
    x *= 0x9E3779B97F4A7C15ULL;
  }
  integer_result = x;
  return k_steps;
}

int floating_work() {
  constexpr int k_size = 1024;
  constexpr int k_rounds = 10'000;
  std::array<double, k_size> a{};
  std::array<double, k_size> b{};
  for (std::size_t i = 0; i < k_size; ++i) {
    a[i] = static_cast<double>(i % 17) * 0.25;
    b[i] = static_cast<double>(i % 13) * 0.5;
  }
  double sum = 0;
  for (int round = 0; round < k_rounds; ++round) {
    double lanes[4] = {};
    for (std::size_t i = 0; i < k_size; i += 4) {
      for (std::size_t lane = 0; lane < 4; ++lane)
        lanes[lane] += a[i + lane] * b[i + lane];
    }
    sum += lanes[0] + lanes[1] + lanes[2] + lanes[3];
    a[static_cast<std::size_t>(round) % k_size] = sum * 1e-9;
  }
  floating_result = sum;
  return k_rounds * k_size;
}

WorkSpeed measure(int (*work)()) {
  std::vector<double> each;
  work();  // warm
  for (int i = 0; i < k_repetitions; ++i) {
    const double begun = cpu_ns();
    const int steps = work();
    each.push_back((cpu_ns() - begun) / steps);
  }
  std::sort(each.begin(), each.end());
  const double median = each[each.size() / 2];
  return {median, (each.back() - each.front()) / median};
}

}  // namespace

CoreSpeed measure_core_speed() { return {measure(integer_work), measure(floating_work)}; }

}  // namespace coldframe
