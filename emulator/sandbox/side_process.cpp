#include "emulator/sandbox/side_process.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace coldframe {
namespace {

struct Shared {
  SideReport report;
  int error_number = EINTR;  // what holds if it is killed on its way
};

// Memory that both see.
class SharedPage {
 public:
  SharedPage()
      : memory_(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                       -1, 0)) {
    if (memory_ != MAP_FAILED) new (memory_) Shared;
  }
  ~SharedPage() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, sizeof(Shared));
  }
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;
  Shared* get() const {
    return memory_ == MAP_FAILED ? nullptr : std::launder(static_cast<Shared*>(memory_));
  }

 private:
  void* memory_;
};

}  // namespace

Result<SideFds> run_beside(const std::string& what, const std::function<int(SideReport&)>& work) {
  const auto failed = [&](const std::string& step, int error_number) {
    return host_error(what + ": " + step + ": " + std::strerror(error_number));
  };
  const SharedPage page;
  Shared* shared = page.get();
  if (shared == nullptr) return failed("mmap", errno);
  // No signal at its end: it is nobody's business.
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0));
  if (pid == 0) {
    shared->error_number = work(shared->report);
    ::_exit(0);
  }
  if (pid < 0) return failed("clone", errno);
  while (::waitpid(pid, nullptr, __WALL) < 0) {
    if (errno != EINTR) return failed("waiting", errno);
  }
  SideFds fds;
  for (int i = 0; i < k_side_fds; ++i)
    fds[static_cast<std::size_t>(i)].reset(shared->report.fds[i]);
  if (shared->error_number != 0) return failed(shared->report.step, shared->error_number);
  return fds;
}

}  // namespace coldframe
