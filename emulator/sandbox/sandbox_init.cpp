#include "emulator/sandbox/sandbox_init.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "emulator/base/pidfd.hpp"
#include "emulator/process/group_entry.hpp"
#include "emulator/sandbox/init_protocol.hpp"
#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/own_mounts.hpp"

namespace coldframe {
namespace {

class Init {
 public:
  explicit Init(const InitPlan& plan) : plan_(plan) {}

  [[noreturn]] void run() {
    begin();
    // It joins its groups and gives up its rights while we furnish the place.
    const UniqueFd furnished = fork_first_seed();
    furnish();
    [[maybe_unused]] auto told = ::write(furnished.get(), "", 1);  // or it has ended, and tells why
    tell_of_seed();
    for (;;) {
      pollfd ready[3] = {{plan_.control_socket, POLLIN, 0},
                         {children_.get(), POLLIN, 0},
                         {plan_.server_pipe, POLLIN, 0}};
      if (::poll(ready, 3, -1) < 0 && errno != EINTR) ::_exit(1);
      if (ready[2].revents != 0) ::_exit(0);
      if (ready[1].revents != 0) {
        signalfd_siginfo ignored[8];
        [[maybe_unused]] auto n = ::read(children_.get(), ignored, sizeof ignored);
        collect(WNOHANG);
      }
      if (ready[0].revents != 0) obey();
    }
  }

 private:
  // What a seed is to have too.
  void begin() {
    ::prctl(PR_SET_NAME, "coldframe-init");
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_IGN);
    ::umask(022);  // as container engines do; the caller's own is not the function's
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    children_.reset(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!children_) fail(std::string("signalfd: ") + std::strerror(errno));
    enter_shared_root();
    if (plan_.network_fd >= 0) {
      if (::setns(plan_.network_fd, CLONE_NEWNET) != 0) {
        fail(std::string("enter the network namespace: ") + std::strerror(errno));
      }
      ::close(plan_.network_fd);
    }
    constexpr char k_name[] = "localhost";
    ::sethostname(k_name, sizeof k_name - 1);
  }

  void enter_shared_root() {
    if (::setns(plan_.root.name_space, CLONE_NEWNS) != 0 || ::unshare(CLONE_NEWNS) != 0) {
      fail(std::string("enter the root: ") + std::strerror(errno));
    }
    ::close(plan_.root.name_space);
    // Anywhere else than there it might be the host's.
    struct stat here {};
    if (::stat("/", &here) != 0 || here.st_dev != plan_.root.device ||
        here.st_ino != plan_.root.inode) {
      fail("enter the root: another one is there");
    }
  }

  void furnish() {
    if (auto ok = mount_own(plan_.places, plan_.tmp_fd, plan_.has_sys); !ok)
      fail(ok.error().message);
    // In a user namespace the function is the same user: what /proc shows of us is not to be its.
    ::prctl(PR_SET_DUMPABLE, 0);
    ::close(plan_.tmp_fd);
  }

  [[noreturn]] void fail(const std::string& why) {
    MessageWriter out;
    out.number(static_cast<std::int64_t>(InitMessage::failed));
    out.text(why);
    send_message(plan_.control_socket, out);
    ::_exit(1);
  }

  // Returns where to tell it that all is there.
  UniqueFd fork_first_seed() {
    int pipe_ends[2];
    if (::pipe2(pipe_ends, O_CLOEXEC) != 0) fail(std::string("pipe: ") + std::strerror(errno));
    const Born born = fork_into(plan_.seed.join_fds, 0);
    if (born.pid < 0) fail(std::string("fork: ") + std::strerror(errno));
    if (born.pid == 0) {
      ::close(pipe_ends[1]);
      ::close(plan_.tmp_fd);
      become_seed(born, pipe_ends[0]);
    }
    ::close(pipe_ends[0]);
    told_of_.push_back(born.pid);
    return UniqueFd(pipe_ends[1]);
  }

  void fork_seed() {
    const Born born = fork_into(plan_.seed.join_fds, 0);
    if (born.pid < 0) fail(std::string("fork: ") + std::strerror(errno));
    if (born.pid == 0) become_seed(born, -1);
    told_of_.push_back(born.pid);
    tell_of_seed();
  }

  [[noreturn]] void become_seed(const Born& born, int furnished) {
    SeedPlan seed = plan_.seed;
    seed.inside = born.inside;
    seed.furnished = furnished;
    ::close(plan_.control_socket);
    children_.reset();
    run_seed(seed);
  }

  void tell_of_seed() {
    const UniqueFd handle = open_pidfd(told_of_.back());
    if (!handle) fail(std::string("pidfd_open: ") + std::strerror(errno));
    MessageWriter out;
    out.number(static_cast<std::int64_t>(InitMessage::seed_forked));
    out.number(told_of_.back());
    if (!send_message(plan_.control_socket, out, {handle.get()})) {
      fail(std::string("pass on the number of a process: ") + std::strerror(errno));
    }
  }

  // Whoever has ended; with flags 0 all, once they have. Nobody waits for the others: their parents
  // are gone.
  void collect(int flags) {
    for (;;) {
      int status = 0;
      rusage usage{};
      const pid_t pid = static_cast<pid_t>(::syscall(SYS_wait4, -1, &status, flags, &usage));
      if (pid < 0 && errno == EINTR) continue;
      if (pid <= 0) return;
      if (std::erase(told_of_, pid) == 0) continue;
      MessageWriter out;
      out.number(static_cast<std::int64_t>(InitMessage::exited));
      out.number(pid);
      out.number(status);
      out.number(std::int64_t{usage.ru_maxrss} * 1024);
      send_message(plan_.control_socket, out);
    }
  }

  void kill_all() {
    // Who is in the middle of a fork gets the signal before the child exists.
    ::kill(-1, SIGKILL);
    collect(0);
    MessageWriter out;
    out.number(static_cast<std::int64_t>(InitMessage::empty));
    send_message(plan_.control_socket, out);
  }

  // Its number is its own until we collect it. Before it has called setsid() there is no group.
  void signal_group(pid_t pid, int number) {
    if (std::find(told_of_.begin(), told_of_.end(), pid) == told_of_.end()) return;
    if (::kill(-pid, number) != 0) ::kill(pid, number);
  }

  void obey() {
    const auto order = receive_message(plan_.control_socket);
    if (!order) ::_exit(0);  // nobody is there any more
    MessageReader in = order->reader();
    switch (static_cast<InitMessage>(in.number())) {
      case InitMessage::fork_seed:
        return fork_seed();
      case InitMessage::kill_all:
        return kill_all();
      case InitMessage::suspend:
        ::kill(-1, SIGSTOP);
        return;
      case InitMessage::resume:
        ::kill(-1, SIGCONT);
        return;
      case InitMessage::signal: {
        const auto pid = static_cast<pid_t>(in.number());
        return signal_group(pid, static_cast<int>(in.number()));
      }
      default:
        return;
    }
  }

  const InitPlan& plan_;
  UniqueFd children_;
  std::vector<pid_t> told_of_;  // seeds, and what they became, until they end
};

}  // namespace

void run_sandbox_init(const InitPlan& plan) { Init(plan).run(); }

}  // namespace coldframe
