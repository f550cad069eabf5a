// Whether `invoke` looks after an answer for work that goes on, and what it says of it (W23).
//
//   WorkWatch watch("scoring");
//   if (watch.is_wanted(is_last)) watch.saw(emulator.look_for_work("scoring"));
//   …
//   for (const auto& text : watch.notes()) note(text);
//
// A function that works just after its answers, and then stops, is looked at three times, and after
// the last answer: those are threads of a pool, and each look waits for them. Pure; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "emulator/model/work_left.hpp"

namespace coldframe {

class WorkWatch {
 public:
  explicit WorkWatch(std::string function) : function_(std::move(function)) {}

  // After this answer. `is_last`: no other invoke follows it.
  bool is_wanted(bool is_last) const;
  void saw(const WorkSeen& seen);
  std::vector<std::string> notes() const;  // one, or none

 private:
  std::string function_;
  WorkLeft left_ = WorkLeft::none;
  int looks_ = 0;
  int stopped_ = 0;
};

}  // namespace coldframe
