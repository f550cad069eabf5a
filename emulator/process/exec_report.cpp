#include "emulator/process/exec_report.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "emulator/base/assign_stream.hpp"

namespace coldframe {

int ExecReport::assign(UniqueFd end) { return assign_stream(stream_, std::move(end)); }

void ExecReport::wait(std::shared_ptr<void> owner, std::function<void(const ExecNote&)> failed) {
  on_failed_ = std::move(failed);
  if (!stream_.is_open()) return;
  stream_.async_wait(stream_.wait_read, [this, owner = std::move(owner)](
                                            const boost::system::error_code& error) mutable {
    if (error) return;
    read();
    if (stream_.is_open()) wait(std::move(owner), std::move(on_failed_));
  });
}

void ExecReport::read() {
  while (stream_.is_open()) {
    ExecNote note{};
    const ssize_t got = ::read(stream_.native_handle(), &note, sizeof note);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    tell_begun();
    if (got == static_cast<ssize_t>(sizeof note) && note.stage == ExecStage::about_to_exec) {
      inherited_peak_ = note.inherited_peak;
      continue;
    }
    const auto on_failed = std::exchange(on_failed_, nullptr);
    close();
    if (got != static_cast<ssize_t>(sizeof note)) return;  // closed by exec
    failed_ = true;
    if (on_failed) on_failed(note);
  }
}

void ExecReport::tell_begun() {
  if (const auto begun = std::exchange(on_begun_, nullptr)) begun();
}

void ExecReport::close() {
  boost::system::error_code ignored;
  stream_.close(ignored);
}

std::string lower_first(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

LaunchFailure explain(const ExecNote& note, const ProcessSpec& spec) {
  const std::string why = lower_first(std::strerror(note.error_number));
  switch (note.stage) {
    case ExecStage::working_directory:
      return {LaunchFailure::Stage::working_directory,
              "chdir " + spec.working_directory + ": " + why};
    case ExecStage::exec:
      return {LaunchFailure::Stage::entry_point, "fork/exec " + spec.executable + ": " + why};
    default:
      break;
  }
  return {LaunchFailure::Stage::host, "cannot set up the process: " + why};
}

}  // namespace coldframe
