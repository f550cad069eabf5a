#include "emulator/base/pidfd.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

namespace coldframe {

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
}

pid_t pid_of(int pidfd) {
  const UniqueFd file(
      ::open(("/proc/self/fdinfo/" + std::to_string(pidfd)).c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[1024];
  const ssize_t got = file ? ::read(file.get(), buffer, sizeof buffer - 1) : 0;
  if (got <= 0) return 0;
  buffer[got] = '\0';
  const char* line = std::strstr(buffer, "\nPid:");
  return line != nullptr ? std::max(0, std::atoi(line + 5)) : 0;
}

void signal_by(int pidfd, int number) {
  ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0U);
}

}  // namespace coldframe
