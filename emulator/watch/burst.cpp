#include "emulator/watch/burst.hpp"

namespace coldframe {

void Burst::add(const std::string& path, FileEvent event) {
  const auto [fate, is_first] = fates_.try_emplace(path, Fate{event == FileEvent::appeared, true});
  if (is_first) order_.push_back(path);
  fate->second.is_there = event != FileEvent::went;
}

void Burst::add_gone_tree(const std::string& directory) {
  add(directory, FileEvent::went);
  const std::string below = directory + "/";
  for (auto at = fates_.lower_bound(below); at != fates_.end() && at->first.starts_with(below);
       ++at) {
    at->second.is_there = false;
  }
}

std::vector<std::string> Burst::changes() const {
  std::vector<std::string> there;
  std::vector<std::string> gone;
  for (const auto& path : order_) {
    const Fate& fate = fates_.at(path);
    if (fate.is_there) {
      there.push_back(path);
    } else if (!fate.is_new) {
      gone.push_back(path);
    }
  }
  there.insert(there.end(), gone.begin(), gone.end());
  return there;
}

}  // namespace coldframe
