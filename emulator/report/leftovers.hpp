// What a function leaves in its environment with each invoke, for the end of a command: Lambda
// keeps an environment for hours, so that a little each time is too much in the end.
//
//   Leftovers leftovers;
//   leftovers.add("scoring", 512);                 // its /tmp in MB
//   emulator.add_record_sink(leftovers);           // outlives the emulator's last call
//   for (const auto& text : leftovers.notes()) …
//     // "W24: the function keeps 1 more file descriptor with each invoke (12 → 31 in 20 invokes);
//     //  Lambda keeps environments for hours"
//
// Growth of any environment counts, that over the most invokes is told. A new process begins anew,
// but for /tmp, which outlives it. The latest 256 environments are watched, some 5 KB each; what
// the others showed is kept. I/O thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emulator/model/record.hpp"
#include "emulator/stats/drift.hpp"

namespace coldframe {

class Leftovers final : public RecordSink {
 public:
  void add(const std::string& function, int tmp_mb) { tmp_mb_[function] = tmp_mb; }
  void on_invocation(const InvocationRecord& record) override;
  bool wants_cpu() const override { return false; }
  bool wants_leftovers() const override { return true; }
  // "W24: …", "W5: …"; with several functions their names go before. May be asked at any time.
  std::vector<std::string> notes();

 private:
  enum Kind : std::size_t { descriptors, threads, children, memory, tmp, k_kinds };
  struct Environment {
    std::string function;
    std::int64_t invokes = 0;
    std::uint64_t seen = 0;  // when, in records
    std::array<Drift, k_kinds> drifts{};
  };
  Environment& environment(const InvocationRecord& record);
  // Keeps what this one has shown.
  void judge(const Environment& environment);
  static std::int64_t least(Kind kind, std::int64_t first);
  std::string sentence(Kind kind, const Growth& growth, const std::string& function) const;

  std::map<std::string, int> tmp_mb_;
  std::unordered_map<std::string, Environment> environments_;
  std::map<std::pair<std::string, Kind>, Growth> found_;  // by function
  std::uint64_t records_ = 0;
};

}  // namespace coldframe
