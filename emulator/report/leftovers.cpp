#include "emulator/report/leftovers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace coldframe {
namespace {

constexpr std::size_t k_most_environments = 256;
constexpr std::int64_t k_mib = 1 << 20;

double megabytes(std::int64_t bytes) {
  return static_cast<double>(bytes) / static_cast<double>(k_mib);
}

// "25", "1.3", "0.04": two digits that say something.
std::string amount(double value) {
  if (value >= 10) return fmt::format("{:.0f}", value);
  const double digits = std::pow(10.0, 1 - std::floor(std::log10(std::max(value, 1e-3))));
  return fmt::format("{:g}", std::round(value * digits) / digits);
}

// "1 more thread with each invoke", "1 more thread every 4 invokes".
std::string more_of(std::string_view one, std::string_view many, double each) {
  const auto whole = static_cast<long>(std::lround(each));
  if (each < 0.75) return fmt::format("1 more {} every {} invokes", one, std::lround(1 / each));
  return fmt::format("{} more {} with each invoke", whole, whole == 1 ? one : many);
}

std::string megabytes_text(const Growth& growth) {
  return fmt::format("{} → {} MB in {} invokes", amount(megabytes(growth.first)),
                     amount(megabytes(growth.last)), growth.invokes);
}

}  // namespace

std::int64_t Leftovers::least(Kind kind, std::int64_t first) {
  switch (kind) {
    case Kind::memory:  // what allocators do for themselves is smaller
      return std::max(4 * k_mib, first / 100);
    case Kind::tmp:
      return k_mib;
    default:
      return 3;
  }
}

Leftovers::Environment& Leftovers::environment(const InvocationRecord& record) {
  const auto found = environments_.find(record.environment_id);
  if (found != environments_.end()) return found->second;
  if (environments_.size() >= k_most_environments) {
    const auto oldest = std::min_element(
        environments_.begin(), environments_.end(),
        [](const auto& a, const auto& b) { return a.second.seen < b.second.seen; });
    judge(oldest->second);
    environments_.erase(oldest);
  }
  Environment& made = environments_[record.environment_id];
  made.function = record.function;
  return made;
}

void Leftovers::on_invocation(const InvocationRecord& record) {
  Environment& in = environment(record);
  in.seen = ++records_;
  if (record.cold && in.invokes > 0) {  // another process; its files are still there
    judge(in);
    for (const Kind kind : {Kind::descriptors, Kind::threads, Kind::children, Kind::memory})
      in.drifts[kind].clear();
  }
  const auto add = [&](Kind kind, const auto& value) {
    if (value) in.drifts[kind].add(in.invokes, *value);
  };
  add(Kind::descriptors, record.descriptors);
  add(Kind::threads, record.threads);
  add(Kind::children, record.children);
  add(Kind::memory, record.resident_bytes);
  add(Kind::tmp, record.tmp_left_bytes);
  ++in.invokes;
}

void Leftovers::judge(const Environment& environment) {
  bool more_processes = false;
  for (const Kind kind :
       {Kind::descriptors, Kind::threads, Kind::children, Kind::memory, Kind::tmp}) {
    const Drift& drift = environment.drifts[kind];
    auto growth = drift.growth(1);
    if (!growth || growth->last - growth->first < least(kind, growth->first)) continue;
    growth = drift.growth(least(kind, growth->first));
    if (!growth) continue;
    if (kind == Kind::children) more_processes = true;
    if (kind == Kind::memory && more_processes) continue;  // it is theirs
    Growth& known = found_[{environment.function, kind}];
    if (growth->invokes > known.invokes) known = *growth;
  }
}

std::vector<std::string> Leftovers::notes() {
  for (const auto& [id, one] : environments_)
    judge(one);
  std::vector<std::string> texts;
  for (const auto& [key, growth] : found_)
    texts.push_back((tmp_mb_.size() > 1 ? "'" + key.first + "': " : "") +
                    sentence(key.second, growth, key.first));
  return texts;
}

std::string Leftovers::sentence(Kind kind, const Growth& growth,
                                const std::string& function) const {
  const double each = growth.each();
  if (kind == Kind::tmp) {
    std::string text =
        fmt::format("W5: /tmp grows by {} MB an invoke ({})",
                    amount(each / static_cast<double>(k_mib)), megabytes_text(growth));
    const auto size = tmp_mb_.find(function);
    if (size == tmp_mb_.end()) return text;
    const double room = static_cast<double>(size->second * k_mib - growth.last);
    const auto invokes = growth.last_invoke + 1 + std::llround(std::max(0.0, room) / each);
    return text + fmt::format("; it is full ({} MB) after some {}", size->second, invokes);
  }
  std::string what;
  std::string range =
      fmt::format("{} → {} in {} invokes", growth.first, growth.last, growth.invokes);
  switch (kind) {
    case Kind::descriptors:
      what = more_of("file descriptor", "file descriptors", each);
      break;
    case Kind::threads:
      what = more_of("thread", "threads", each);
      break;
    case Kind::children:
      what = more_of("child process", "child processes", each);
      break;
    default:
      what = amount(each / static_cast<double>(k_mib)) + " MB more memory with each invoke";
      range = megabytes_text(growth);
  }
  return fmt::format("W24: the function keeps {} ({}); Lambda keeps environments for hours", what,
                     range);
}

}  // namespace coldframe
