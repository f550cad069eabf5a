#include "emulator/cli/measuring.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace coldframe::cli {

Result<Prepared> prepare(RunOptions& options, const std::vector<std::string>& bootstrap) {
  options.bootstrap = bootstrap;
  Prepared out;
  auto overrides = read_overrides(options);
  if (!overrides) return overrides.error();
  auto emulator = read_emulator_options(options);
  if (!emulator) return emulator.error();
  out.emulator = *emulator;
  out.emulator.concurrency = 1;
  // A measurement lasts as long as it lasts; an idle environment must not end in the middle.
  out.emulator.idle_timeout = Duration::max();
  auto file =
      read_target(options, options.targets.empty() ? "" : options.targets.front(), *overrides);
  if (!file) return file.error();
  if (auto ok = check_invokable(file->config); !ok) return ok.error();
  if (!file->budgets.empty()) {
    note(
        "Coldframe.Budgets are checked for their grammar, but not applied in this version; give "
        "them to bench with --threshold");
  }
  out.file = std::move(*file);
  out.started = std::chrono::system_clock::now();
  return out;
}

Result<std::vector<std::string>> golden_files(const std::vector<std::string>& given,
                                              const FunctionFile& file, bool required) {
  for (const auto& path : given) {
    const std::string hint = hint_in_directory(path, file.config);
    if (!hint.empty()) return usage_error("cannot read " + path + ": it is not there" + hint);
  }
  std::vector<std::string> out = given;
  if (out.empty()) {
    std::error_code ignored;
    for (const auto& path : file.goldens) {
      const auto relative = std::filesystem::proximate(path, ignored).string();
      out.push_back(relative.starts_with("..") ? path.string() : relative);
    }
  }
  if (out.empty() && required) {
    return usage_error(
        "no golden file; name one with --golden, or in Coldframe.Golden of "
        "function.json");
  }
  return out;
}

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  shown_ = true;
  std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
}

void ProgressLine::clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

int finish_with_error(Session& session, const Error& error) {
  const bool interrupted = session.emulator().interrupted_by() != 0;
  const int code = session.finish(static_cast<int>(error.code));
  return interrupted ? code : fail(error);
}

}  // namespace coldframe::cli
