#include "emulator/process/guard.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace coldframe {
namespace {

void close_all_but(int keep_a, int keep_b) {
  for (int fd = 0; fd < 1024; ++fd) {
    if (fd != keep_a && fd != keep_b) ::close(fd);
  }
}

constexpr char k_orderly = 'q';

[[noreturn]] void run_guard(int life_line, RunRegistry& registry, pid_t parent) {
  ::setsid();
  ::prctl(PR_SET_NAME, "coldframe-guard");
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT})
    ::signal(number, SIG_IGN);
  close_all_but(life_line, registry.fd());
  char byte = 0;
  bool orderly = false;
  ssize_t got = 0;
  while ((got = ::read(life_line, &byte, 1)) > 0 || (got < 0 && errno == EINTR)) {
    orderly = orderly || (got > 0 && byte == k_orderly);
  }
  // A dying process closes its descriptors before its children get their death signal. Until then a
  // child may still be on its way to exec, carry no marker yet, and go on to have children.
  while (!orderly && ::getppid() == parent)
    ::usleep(500);
  kill_scopes(registry.read(), std::chrono::seconds(5));
  registry.unlink();
  ::_exit(0);
}

}  // namespace

Guard::Guard(RunRegistry& registry) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  UniqueFd read_end(ends[0]);
  life_line_.reset(ends[1]);
  const pid_t self = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    life_line_.reset();
    run_guard(read_end.release(), registry, self);
  }
  if (pid_ < 0) life_line_.reset();
}

Guard::~Guard() { dismiss(); }

bool Guard::collect() {
  if (pid_ <= 0 || ::waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

void Guard::dismiss() {
  if (pid_ > 0) {
    [[maybe_unused]] auto n = ::write(life_line_.get(), &k_orderly, 1);
  }
  life_line_.reset();
  if (pid_ <= 0) return;
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace coldframe
