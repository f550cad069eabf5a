#include "emulator/process/orphans.hpp"

#include <sys/wait.h>

namespace coldframe {

int Orphans::collect() {
  int count = 0;
  while (adopt_) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) break;
    if (claimed_.contains(ended.si_pid)) break;
    if (::waitpid(ended.si_pid, nullptr, WNOHANG) != ended.si_pid) break;
    ++count;
  }
  return count;
}

}  // namespace coldframe
