#include "emulator/report/advice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/model/platform_log.hpp"

namespace coldframe {

void Advisor::on_invocation(const InvocationRecord& record) {
  timed_out_ = timed_out_ || (record.status == InvocationStatus::timeout && !record.never_started);
  peak_bytes_ = std::max(peak_bytes_, record.max_memory_used_bytes.value_or(0));
}

std::vector<std::string> Advisor::advice(const FunctionConfig& config, bool ended_well) const {
  std::vector<std::string> texts;
  if (timed_out_ && !ended_well) {
    texts.push_back(config.timeout_s >= limits::k_timeout_max_s
                        ? fmt::format("timed out after {} s, and Lambda allows no more; make the "
                                      "work shorter or split it",
                                      config.timeout_s)
                        : fmt::format("timed out after {} s; try --timeout {}", config.timeout_s,
                                      std::min(config.timeout_s * 3, limits::k_timeout_max_s)));
  }
  if (const auto used = whole_megabytes(peak_bytes_); used > config.memory_mb) {
    const auto enough =
        std::min<std::int64_t>((used * 115 / 100 + 63) / 64 * 64, limits::k_memory_max_mb);
    texts.push_back(fmt::format(
        "used {} MB of {}: Lambda would have killed it (nothing is limited here); try --memory {}",
        used, config.memory_mb, enough));
  }
  return texts;
}

}  // namespace coldframe
