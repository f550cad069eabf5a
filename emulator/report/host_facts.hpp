// The machine a result was made on, as far as it can be read without privileges.
//   HostFacts host = read_host();          // reads /proc; a file it cannot read leaves a gap
// Figures of two files compare only if their fingerprints are equal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace coldframe {

struct HostFacts {
  std::string cpu_model;
  int cores = 0;  // online
  std::string kernel;
  std::optional<std::int64_t> memory_bytes;
  std::optional<double> load_1m;
  std::optional<double> steal_percent;  // of all CPU time since boot
  std::string fingerprint() const;      // 16 hex digits of what does not change in a run
};

// `proc` is another directory in tests.
HostFacts read_host(const std::string& proc = "/proc");

}  // namespace coldframe
