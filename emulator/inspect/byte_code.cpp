// W39: packages without byte code are compiled anew in every cold start, since nothing can be
// written beside them on Lambda.
#include <fmt/format.h>

#include <map>

#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {
namespace {

// Measured: CPython 3.11 compiles 1 MB of numpy, scipy or scikit-learn in 0.07 to 0.09 s on a core.
constexpr double k_seconds_per_mb = 0.09;
constexpr std::int64_t k_worth_a_word = 64 * 1024;
constexpr std::int64_t k_worth_a_warning = 1'000'000;

std::uint32_t word_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// "311" of "3.11".
std::string tag_of(const std::string& version) {
  const auto dot = version.find('.');
  if (dot == std::string::npos) return "";
  const auto end = std::min(version.find('.', dot + 1), version.size());
  return version.substr(0, dot) + version.substr(dot + 1, end - dot - 1);
}

// Whether Python takes it for the source's (PEP 552).
bool is_current(const CensusFile& byte_code, const CensusFile& source) {
  constexpr std::size_t k_head_bytes = 16;
  const auto file = FileBytes::open(byte_code.host_path);
  const std::string head = file ? file->piece(0, k_head_bytes) : "";
  if (head.empty()) return false;
  const std::uint32_t flags = word_at(head, 4);
  if ((flags & 1U) != 0) return true;  // by a hash, which builds that want it keep right
  return word_at(head, 8) == static_cast<std::uint32_t>(source.modified) &&
         word_at(head, 12) == static_cast<std::uint32_t>(source.bytes);
}

struct Tally {
  std::size_t missing = 0;
  std::size_t stale = 0;
  std::int64_t bytes = 0;
  std::string directory;
};

}  // namespace

void check_byte_code(const Look& look, Findings& out) {
  const std::string tag = tag_of(look.python.version);
  if (tag.empty() || !look.imports.is_known) return;
  std::map<std::string, Tally> by_package;
  for (const std::string& package : look.imports.packages) {
    const auto module = look.python.find(package);
    if (!module || !module->is_package) continue;
    Tally& tally = by_package[package];
    tally.directory = module->path;
    for (const CensusFile& file : look.census.below(module->path)) {
      if (file.bytes == 0 || !file.path.ends_with(".py")) continue;
      // Nobody imports them.
      if (file.path.find("/tests/") != std::string::npos) continue;
      const std::string name(file.name().substr(0, file.name().size() - 3));
      const std::string cached =
          std::string(parent_of(file.path)) + "/__pycache__/" + name + ".cpython-" + tag + ".pyc";
      const CensusFile* byte_code = look.census.find(cached);
      if (byte_code != nullptr && is_current(*byte_code, file)) continue;
      ++(byte_code == nullptr ? tally.missing : tally.stale);
      tally.bytes += file.bytes;
    }
  }
  Tally all;
  std::string packages;
  std::string directories;
  std::size_t count = 0;
  constexpr std::size_t k_most_named = 5;
  for (const auto& [package, tally] : by_package) {
    if (tally.missing + tally.stale == 0) continue;
    all.missing += tally.missing;
    all.stale += tally.stale;
    all.bytes += tally.bytes;
    if (count++ >= k_most_named) continue;
    packages += (packages.empty() ? "" : ", ") + package;
    directories += " " + look.subject.shown(tally.directory);
  }
  if (all.bytes < k_worth_a_word) return;
  const double seconds = static_cast<double>(all.bytes) / 1e6 * k_seconds_per_mb;
  const auto what = [&] {
    if (all.stale == 0) return fmt::format("{} modules have no byte code", all.missing);
    if (all.missing == 0)
      return fmt::format("the byte code of {} modules is not that of their source", all.stale);
    return fmt::format("{} modules have no byte code, {} that of another source", all.missing,
                       all.stale);
  };
  const std::string python =
      look.python.interpreter.empty() ? "python3" : look.subject.shown(look.python.interpreter);
  out.push_back(
      {"W39", all.bytes >= k_worth_a_warning ? Severity::warning : Severity::info,
       fmt::format("{} in {}{}: every cold start compiles those that it imports, up to "
                   "{:.1f} s of CPU for all",
                   what(), packages, and_more(count, k_most_named), seconds),
       look.subject.shown(by_package.empty() ? "" : all.directory),
       (look.subject.is_image() ? "RUN " : "") + python + " -m compileall -q" + directories});
  out.back().where = directories.substr(1, directories.find(' ', 1) - 1);
}

}  // namespace coldframe::inspect
