#include "emulator/sandbox/way_out.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "emulator/sandbox/black_hole.hpp"
#include "emulator/sandbox/find_program.hpp"

namespace coldframe {
namespace {

std::string own_descriptor(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

struct Pipe {
  UniqueFd read_end, write_end;
  int open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
    return 0;
  }
};

// What we may do stays over an exec without a change of user.
void keep_privileges() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct own[2]{};
  if (::syscall(SYS_capget, &header, own) != 0) return;
  for (auto& half : own)
    half.inheritable = half.permitted;
  if (::syscall(SYS_capset, &header, own) != 0) return;
  for (unsigned number = 0; number < 64; ++number) {
    if ((own[number / 32].permitted >> (number % 32) & 1U) != 0) {
      ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0);
    }
  }
}

[[noreturn]] void run_child(const std::string& path, char* const* argv, const WayOutFds& fds,
                            int words, pid_t parent) {
  for (int number = 1; number < 32; ++number)
    ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (::dup2(null, 0) < 0 || ::dup2(null, 1) < 0 || ::dup2(words, 2) < 0) ::_exit(127);
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int fd : {fds.network, fds.ready, fds.alive})
    ::fcntl(fd, F_SETFD, 0);
  if (::geteuid() != 0) keep_privileges();
  ::execv(path.c_str(), argv);
  ::_exit(127);
}

// The last line of what waits in a pipe.
std::string last_line(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

// A root of its own has the host's /etc and /run, where it has to find the host's resolvers.
bool may_have_own_root() {
  struct statx info {};
  if (::statx(AT_FDCWD, "/", 0, 0, &info) != 0 ||
      (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0) {
    return false;
  }
  std::error_code error;
  const auto resolvers = std::filesystem::canonical("/etc/resolv.conf", error).string();
  return std::filesystem::is_directory("/run", error) &&
         (resolvers.empty() || resolvers.starts_with("/etc/") || resolvers.starts_with("/run/"));
}

}  // namespace

Result<WayOutProgram> find_way_out() {
  if (auto path = find_program("slirp4netns"); !path.empty()) {
    return WayOutProgram{WayOutKind::slirp4netns, std::move(path), "10.0.2.3"};
  }
  if (auto path = find_program("pasta"); !path.empty()) {
    return WayOutProgram{WayOutKind::pasta, std::move(path), k_lambda_resolver};
  }
  return unsupported(
      "no way out of the sandbox: neither slirp4netns nor pasta is in PATH; install the package "
      "slirp4netns or passt");
}

std::vector<std::string> way_out_arguments(const WayOutProgram& program, const WayOutFds& fds,
                                           WayOutPowers powers) {
  if (program.kind == WayOutKind::slirp4netns) {
    std::vector<std::string> arguments{program.path,
                                       "--configure",
                                       "--mtu=65520",
                                       "--disable-host-loopback",
                                       "--ready-fd=" + std::to_string(fds.ready),
                                       "--exit-fd=" + std::to_string(fds.alive),
                                       "--netns-type=path"};
    // It reads what a function sends: with few of root's privileges and files. It can let go of the
    // others neither under another number in a user namespace nor in a chroot.
    if (powers.root && powers.own_root) {
      arguments.insert(arguments.end(), {"--enable-sandbox", "--enable-seccomp"});
    }
    arguments.insert(arguments.end(), {own_descriptor(fds.network), "vinternal_1"});
    return arguments;
  }
  std::vector<std::string> arguments{
      program.path, "--foreground", "--quiet", "--config-net", "--ns-ifname", "vinternal_1",
      // No port is forwarded, in neither direction, and the gateway is not the host.
      "--no-map-gw", "-t", "none", "-u", "none", "-T", "none", "-U", "none", "--dns-forward",
      program.resolver,
      // It writes its process id when it is up.
      "--pid", own_descriptor(fds.ready), "--netns-only", "--netns", own_descriptor(fds.network)};
  // It would become nobody, who may not enter the namespace.
  if (powers.root) arguments.insert(arguments.end(), {"--runas", "0:0"});
  return arguments;
}

Result<WayOut> WayOut::start(const WayOutProgram& program, int network) {
  WayOut way;
  way.name_ = program.path;
  Pipe ready;
  Pipe alive;
  Pipe words;
  for (Pipe* pipe : {&ready, &alive, &words}) {
    if (const int error_number = pipe->open(); error_number != 0) {
      return host_error("no way out: pipe: " + std::string(std::strerror(error_number)));
    }
  }
  const WayOutFds fds{network, ready.write_end.get(), alive.read_end.get()};
  auto arguments = way_out_arguments(program, fds, {::geteuid() == 0, may_have_own_root()});
  std::vector<char*> argv;
  for (auto& argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  way.pid_ = ::fork();
  if (way.pid_ == 0) run_child(program.path, argv.data(), fds, words.write_end.get(), parent);
  if (way.pid_ < 0) return host_error("no way out: fork: " + std::string(std::strerror(errno)));
  way.ready_ = std::move(ready.read_end);
  way.alive_ = std::move(alive.write_end);
  way.words_ = std::move(words.read_end);
  return way;
}

WayOut::WayOut(WayOut&& other) noexcept
    : name_(std::move(other.name_)),
      pid_(std::exchange(other.pid_, -1)),
      is_ready_(other.is_ready_),
      ready_(std::move(other.ready_)),
      words_(std::move(other.words_)),
      alive_(std::move(other.alive_)) {}

Result<bool> WayOut::await_ready(std::chrono::milliseconds patience) {
  if (is_ready_) return true;
  pollfd waits{ready_.get(), POLLIN, 0};
  if (::poll(&waits, 1, static_cast<int>(patience.count())) <= 0) return false;
  char note[32];
  const ssize_t got = ::read(ready_.get(), note, sizeof note);
  if (got < 0) return false;
  if (got == 0) return ended();
  is_ready_ = true;
  return true;
}

void WayOut::let_go() {
  if (pid_ > 0) ::kill(std::exchange(pid_, -1), SIGKILL);
}

Error WayOut::was_collected(int status) {
  pid_ = -1;
  if (!WIFSIGNALED(status)) return ended();
  // It had no time for words about that.
  return host_error("no way out: " + name_ + " was ended by signal " +
                    std::to_string(WTERMSIG(status)));
}

Error WayOut::ended() {
  const std::string words = last_line(words_.get());
  return host_error("no way out: " + name_ + " has ended" + (words.empty() ? "" : ": " + words));
}

void WayOut::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace coldframe
