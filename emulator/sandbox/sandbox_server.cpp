#include "emulator/sandbox/sandbox_server.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string_view>

#include "emulator/base/first_line.hpp"
#include "emulator/base/pidfd.hpp"
#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/own_command_line.hpp"
#include "emulator/sandbox/sandbox_remedy.hpp"
#include "emulator/sandbox/server_process.hpp"

namespace coldframe {
namespace {

constexpr std::chrono::seconds k_patience{10};  // at its start and its end

// Nothing of ours is held open by the server: not the terminal, not somebody's pipe.
void let_go_of_everything_but(int socket) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3 && null >= 0; ++fd)
    ::dup2(null, fd);
  if (socket > 3) ::syscall(SYS_close_range, 3U, static_cast<unsigned>(socket - 1), 0U);
  ::syscall(SYS_close_range, static_cast<unsigned>(socket + 1), ~0U, 0U);
}

bool write_map(const char* path, const std::string& text) {
  const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool is_mapped(const char* map, std::uint64_t id) {
  std::ifstream file(map);
  for (std::uint64_t inside = 0, outside = 0, count = 0; file >> inside >> outside >> count;)
    if (id >= inside && id - inside < count) return true;
  return false;
}

// Root of a user namespace with few users (unshare -r, a container without sub-ids) is not.
bool can_become_sandbox_user() {
  return is_mapped("/proc/self/uid_map", k_sandbox_uid) &&
         is_mapped("/proc/self/gid_map", k_sandbox_gid);
}

// Privileges over namespaces of our own: the caller is sbx_user1051 in there. Empty: done.
std::string enter_user_namespace() {
  const auto uid = std::to_string(::geteuid());
  const auto gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return std::string("user namespaces are denied: ") + std::strerror(errno);
  }
  if (!write_map("/proc/self/setgroups", "deny") ||
      !write_map("/proc/self/gid_map", std::to_string(k_sandbox_gid) + " " + gid + " 1") ||
      !write_map("/proc/self/uid_map", std::to_string(k_sandbox_uid) + " " + uid + " 1")) {
    return std::string("the user namespace takes no map: ") + std::strerror(errno);
  }
  return "";
}

[[noreturn]] void refuse(int socket, const std::string& why) {
  MessageWriter out;
  out.number(0);
  out.number(0);
  out.text(why);
  send_message(socket, out);
  ::_exit(0);
}

[[noreturn]] void run_child(int socket, const std::string& cache_directory, pid_t parent) {
  ::setsid();
  ::prctl(PR_SET_NAME, "coldframe-boxes");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2})
    ::signal(number, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);
  let_go_of_everything_but(socket);
  // Everybody in a sandbox may read that of its init, which has it from here; and in the emulator's
  // there can be secrets (-E KEY=VALUE).
  if (!replace_own_command_line("coldframe-sandbox")) {
    refuse(socket, "/proc/self/stat cannot be read");
  }
  // A /tmp larger than the caller's own limit of file sizes; what is still too large is told.
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit no_limit{RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &no_limit);
  const bool privileged =
      ::geteuid() == 0 && can_become_sandbox_user() && ::unshare(CLONE_NEWNS) == 0;
  // What we and our helpers mount stays here; what the host mounts comes. (In a chroot the root is
  // no mount: nobody exchanges it there.)
  if (privileged) ::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr);
  if (!privileged) {
    if (const auto why = enter_user_namespace(); !why.empty()) refuse(socket, why);
    // The capabilities are there, but a change of user has forbidden to look into ourselves.
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  run_sandbox_server(socket, cache_directory, !privileged);
}

// Readable, or its end has come, within the patience.
bool becomes_ready(int fd) {
  pollfd ready{fd, POLLIN, 0};
  const auto give_up = std::chrono::steady_clock::now() + k_patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        give_up - std::chrono::steady_clock::now());
    const int count = ::poll(&ready, 1, std::max(0, static_cast<int>(left.count())));
    if (count >= 0 || errno != EINTR) return count > 0;
  }
}

}  // namespace

Result<std::unique_ptr<SandboxServer>> SandboxServer::start(const std::string& cache_directory) {
  auto ends = message_pair();
  if (!ends) return host_error(std::string("no socket: ") + std::strerror(errno));
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ends->first.reset();
    run_child(ends->second.get(), cache_directory, self);
  }
  if (pid < 0) return host_error(std::string("cannot fork: ") + std::strerror(errno));
  ends->second.reset();
  std::unique_ptr<SandboxServer> server(new SandboxServer(pid, std::move(ends->first)));
  const int socket = server->requests_.socket();
  if (!becomes_ready(socket)) {
    ::kill(pid, SIGKILL);
    return unsupported("the strict sandbox is not possible here: nothing came of it for 10 s");
  }
  const auto hello = receive_message(socket);
  std::string why = "the sandbox server ended";
  if (hello) {
    MessageReader in = hello->reader();
    const bool works = in.number() == 1;
    server->in_user_namespace_ = in.number() == 1;
    why = in.text();
    if (works) return server;
  }
  const std::string remedy = sandbox_remedy(read_sandbox_facts());
  return unsupported("the strict sandbox is not possible here: " + why +
                     (remedy.empty() ? "" : "; " + remedy));
}

SandboxServer::~SandboxServer() {
  requests_.close();
  const UniqueFd end = open_pidfd(pid_);
  if (end && !becomes_ready(end.get())) {
    constexpr std::string_view k_line =
        "coldframe: the sandbox server had not ended after 10 s, and is killed\n";
    [[maybe_unused]] const auto wrote = ::write(STDERR_FILENO, k_line.data(), k_line.size());
    ::kill(pid_, SIGKILL);
    if (!becomes_ready(end.get())) return;
  }
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace coldframe
