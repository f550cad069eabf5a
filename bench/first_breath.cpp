// The first thing that a started program does: it tells what time it is. Then it becomes the
// program that it is given, if any.
//
//   first_breath ./instant_runtime          # prints "breath 123456789", ns of CLOCK_MONOTONIC
//
// For bench_environments, which knows when it asked for the program.

#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <ctime>

int main(int count, char** words) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto nanoseconds = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  char line[64];
  const int size = std::snprintf(line, sizeof line, "breath %" PRId64 "\n", nanoseconds);
  if (::write(STDOUT_FILENO, line, static_cast<std::size_t>(size)) != size) return 1;
  if (count < 2) return 0;
  ::execv(words[1], words + 1);
  std::perror(words[1]);
  return 1;
}
