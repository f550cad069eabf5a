#include "emulator/cli/session.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace coldframe::cli {

Session::Session(std::unique_ptr<Emulator> emulator)
    : emulator_(std::move(emulator)), out_(emulator_->io(), STDOUT_FILENO) {
  out_.on_broken([this](int error_number) {
    write_error_ = error_number;
    emulator_->interrupt(SIGPIPE);
  });
}

Result<std::unique_ptr<Session>> Session::start(EmulatorOptions options,
                                                std::vector<FunctionConfig> functions) {
  auto emulator = Emulator::create(std::move(options));
  if (!emulator) return emulator.error();
  for (auto& config : functions) {
    if (auto added = (*emulator)->add(std::move(config)); !added) return added.error();
  }
  (*emulator)->watch_signals();
  return std::unique_ptr<Session>(new Session(std::move(*emulator)));
}

int Session::finish(int code) {
  emulator_->stop();
  out_.finish();
  out_.shut_down();
  if (write_error_ != 0 && write_error_ != EPIPE) {
    std::fprintf(stderr, "coldframe: cannot write to standard output: %s\n",
                 std::strerror(write_error_));
    return static_cast<int>(ExitCode::emulator_failed);
  }
  if (write_error_ == EPIPE) return 128 + SIGPIPE;
  return emulator_->interrupted_by() != 0 ? 128 + emulator_->interrupted_by() : code;
}

}  // namespace coldframe::cli
