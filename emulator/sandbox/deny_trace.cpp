#include "emulator/sandbox/deny_trace.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "emulator/sandbox/bpf.hpp"
#include "emulator/sandbox/traced_process.hpp"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

namespace coldframe {
namespace {

constexpr int k_none = -1;

// Where a call has what we want to know.
struct Traced {
  long number;
  TracedCall call;
  int directory;  // argument with the descriptor that the path starts from, or k_none
  int path;       // argument
  int flags;      // argument of open, or k_none
};

// Of a rename the old name: what is there. Of links and nodes the new one.
constexpr Traced k_path_calls[] = {
    {SYS_openat, TracedCall::open, 0, 1, 2},
    {SYS_openat2, TracedCall::open, 0, 1, k_none},  // its flags are in memory
    {SYS_mkdirat, TracedCall::make_directory, 0, 1, k_none},
    {SYS_renameat, TracedCall::rename, 0, 1, k_none},
    {SYS_renameat2, TracedCall::rename, 0, 1, k_none},
    {SYS_unlinkat, TracedCall::remove, 0, 1, k_none},
    {SYS_symlinkat, TracedCall::make, 1, 2, k_none},
    {SYS_linkat, TracedCall::make, 2, 3, k_none},
    {SYS_mknodat, TracedCall::make, 0, 1, k_none},
    {SYS_truncate, TracedCall::change, k_none, 0, k_none},
    {SYS_fchmodat, TracedCall::change, 0, 1, k_none},
    {SYS_fchmodat2, TracedCall::change, 0, 1, k_none},
#ifdef __x86_64__
    {SYS_open, TracedCall::open, k_none, 0, 1},
    {SYS_creat, TracedCall::open, k_none, 0, k_none},
    {SYS_mkdir, TracedCall::make_directory, k_none, 0, k_none},
    {SYS_rename, TracedCall::rename, k_none, 0, k_none},
    {SYS_unlink, TracedCall::remove, k_none, 0, k_none},
    {SYS_rmdir, TracedCall::remove, k_none, 0, k_none},
    {SYS_symlink, TracedCall::make, k_none, 1, k_none},
    {SYS_link, TracedCall::make, k_none, 1, k_none},
    {SYS_mknod, TracedCall::make, k_none, 0, k_none},
    {SYS_chmod, TracedCall::change, k_none, 0, k_none},
#endif
};

// These mean the link itself.
bool follows_links(TracedCall call) {
  return call == TracedCall::open || call == TracedCall::change;
}

constexpr std::size_t k_address_most = 128;
constexpr int k_calls_a_turn = 100;

// A later kernel's may be longer; it must be zero before.
struct Notice {
  seccomp_notif request{};
  char more[256] = {};
};
struct Answer {
  seccomp_notif_resp response{};
  char more[256] = {};
};

bool is_openat2(const Traced& traced) { return traced.number == SYS_openat2; }

std::uint64_t open_flags(const Traced& traced, const seccomp_data& data,
                         const TracedProcess& process) {
  if (traced.flags != k_none) return data.args[traced.flags];
  if (!is_openat2(traced)) return O_CREAT | O_WRONLY | O_TRUNC;  // creat
  const auto bytes = process.bytes_at(data.args[2], sizeof(std::uint64_t));
  std::uint64_t flags = 0;  // the first member of open_how
  if (bytes.size() == sizeof flags) std::memcpy(&flags, bytes.data(), sizeof flags);
  return flags;
}

std::optional<DeniedCall> look_at(const seccomp_notif& request) {
  const TracedProcess process(static_cast<pid_t>(request.pid));
  const seccomp_data& data = request.data;
  if (data.nr == SYS_connect) {
    const auto size = std::min<std::size_t>(data.args[2] & 0xffffffff, k_address_most);
    const auto address = outward_address(process.bytes_at(data.args[1], size));
    if (!address) return std::nullopt;
    return DeniedCall{DeniedKind::connect, *address};
  }
  for (const auto& traced : k_path_calls) {
    if (traced.number != data.nr) continue;
    const auto text = process.text_at(data.args[traced.path]);
    if (!text || text->empty()) return std::nullopt;
    const int directory =
        traced.directory == k_none ? AT_FDCWD : static_cast<int>(data.args[traced.directory]);
    const auto place = process.resolve(directory, *text, follows_links(traced.call));
    if (!place) return std::nullopt;
    const bool is_open = traced.call == TracedCall::open;
    const std::uint64_t flags = is_open ? open_flags(traced, data, process) : 0;
    const bool readable = !is_open || !is_own_file(place->path) || process.may_read(place->path);
    const auto kind = classify({traced.call, flags, place->exists, place->path, readable});
    if (!kind) return std::nullopt;
    return DeniedCall{*kind, place->path};
  }
  return std::nullopt;
}

}  // namespace

std::vector<sock_filter> build_trace_filter() {
  using namespace bpf;
  const auto tell = answer(SECCOMP_RET_USER_NOTIF);
  const auto allow = answer(SECCOMP_RET_ALLOW);
  Program program{load_architecture(), jump(BPF_JEQ, k_architecture, 1, 0), allow, load_number()};
  for (const auto& traced : k_path_calls) {
    const auto number = static_cast<std::uint32_t>(traced.number);
    program.insert(program.end(), {jump(BPF_JEQ, number, 0, 1), tell});
  }
  program.insert(program.end(), {jump(BPF_JEQ, SYS_connect, 0, 1), tell, allow});
  return program;
}

Result<UniqueFd> install_deny_trace() {
  const auto failed = [](const char* step) {
    return host_error(std::string("cannot trace denied calls: ") + step + ": " +
                      std::strerror(errno));
  };
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs");
  auto filter = build_trace_filter();
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  const unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  const auto install = [&](unsigned long more) {
    return static_cast<int>(
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | more, &program));
  };
  // Else a signal would interrupt calls that never are otherwise; since Linux 5.19.
  UniqueFd listener(install(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV));
  if (!listener && errno == EINVAL) listener.reset(install(0));
  if (!listener) return failed("seccomp");
  return listener;
}

DenyTrace::DenyTrace(UniqueFd listener) : listener_(std::move(listener)) {
  // Each call is a talk between two, best held on one CPU: a quarter of the time, since Linux 6.6.
  ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

bool DenyTrace::serve(DeniedCalls& calls, std::chrono::milliseconds patience) {
  pollfd waits{listener_.get(), POLLIN, 0};
  auto milliseconds = static_cast<int>(patience.count());
  for (int turn = 0; turn<k_calls_a_turn&& ::poll(&waits, 1, milliseconds)> 0; ++turn) {
    if ((waits.revents & POLLIN) == 0) return false;  // POLLHUP
    milliseconds = 0;
    Notice notice;
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0) continue;  // it died
    auto denied = look_at(notice.request);
    // What was read is another process's if this one has gone meanwhile.
    auto id = notice.request.id;
    const bool is_its_own = ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
    Answer go_on;
    go_on.response.id = id;
    go_on.response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &go_on);
    if (denied && is_its_own) calls.add(std::move(*denied));
  }
  return true;
}

}  // namespace coldframe
