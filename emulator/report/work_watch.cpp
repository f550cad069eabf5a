#include "emulator/report/work_watch.hpp"

namespace coldframe {
namespace {

// But for the last.
constexpr int k_most_stopped = 3;
constexpr int k_most_looks = 100;

}  // namespace

bool WorkWatch::is_wanted(bool is_last) const {
  if (left_ != WorkLeft::none) return false;
  return is_last || (stopped_ < k_most_stopped && looks_ < k_most_looks);
}

void WorkWatch::saw(const WorkSeen& seen) {
  ++looks_;
  left_ = seen.left;
  if (seen.left == WorkLeft::none && seen.waited) ++stopped_;
}

std::vector<std::string> WorkWatch::notes() const {
  if (left_ == WorkLeft::none) return {};
  const bool is_process = left_ == WorkLeft::processes;
  const std::string what =
      is_process ? "a process that it had started was still there when it had answered"
                 : "it was still working when it had answered";
  return {"'" + function_ + "': " + what +
          ": Lambda freezes it until the next invoke (W23); wait for " +
          (is_process ? "it before answering, or start in the init what is to stay"
                      : "its threads before answering")};
}

}  // namespace coldframe
