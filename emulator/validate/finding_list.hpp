// The findings of one comparison while they are being made: keeps the worst k_kept_findings.
#pragma once

#include <algorithm>
#include <utility>

#include "emulator/validate/compare.hpp"

namespace coldframe {

class FindingList {
 public:
  void add(Finding finding) {
    const auto place =
        std::upper_bound(kept_.begin(), kept_.end(), finding,
                         [](const Finding& a, const Finding& b) { return worse(a, b); });
    kept_.insert(place, std::move(finding));
    if (kept_.size() > k_kept_findings) {
      kept_.pop_back();
      ++dropped_;
    }
  }
  void move_to(Comparison& comparison) {
    comparison.findings = std::move(kept_);
    comparison.findings_dropped = dropped_;
  }

 private:
  std::vector<Finding> kept_;
  std::size_t dropped_ = 0;
};

}  // namespace coldframe
