#include "emulator/sandbox/seccomp_filter.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <string>

#include "emulator/sandbox/bpf.hpp"

namespace coldframe {
namespace {

using bpf::answer;
using bpf::jump;
using bpf::load_argument;
using bpf::Program;

constexpr std::uint32_t k_allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t k_refuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t k_unknown = SECCOMP_RET_ERRNO | ENOSYS;

// Allows if the first argument is one of these.
Program one_of(std::span<const std::uint32_t> values) {
  Program program{load_argument(0)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    program.push_back(jump(BPF_JEQ, values[i], values.size() - i, 0));
  }
  program.push_back(answer(k_refuse));
  program.push_back(answer(k_allow));
  return program;
}

// Refuses if the first argument is `user`, or the second the init.
Program priority_but_of(std::uint32_t user) {
  return {load_argument(0), jump(BPF_JEQ, user, 2, 0),
          load_argument(1), jump(BPF_JEQ, k_init, 0, 1),
          answer(k_refuse), answer(k_allow)};
}

Program leaf(SyscallRule rule) {
  switch (rule) {
    case SyscallRule::allow:
      return {answer(k_allow)};
    case SyscallRule::unknown:
      return {answer(k_unknown)};
    case SyscallRule::clone:
      return {load_argument(0), jump(BPF_JSET, k_namespace_flags, 0, 1), answer(k_refuse),
              answer(k_allow)};
    case SyscallRule::socket:
      return one_of(k_socket_families);
    case SyscallRule::personality:
      return one_of(k_personalities);
    case SyscallRule::process:
      return {load_argument(0), jump(BPF_JEQ, k_init, 0, 1), answer(k_refuse), answer(k_allow)};
    case SyscallRule::priority:
      return priority_but_of(k_priority_of_user);
    case SyscallRule::io_priority:
      return priority_but_of(k_io_priority_of_user);
    case SyscallRule::refuse:
      break;
  }
  return {answer(k_refuse)};
}

// Every subtree ends in answers and is entered at its first instruction, so that it can stand
// anywhere.
Program tree(std::span<const SyscallRange> ranges) {
  if (ranges.size() == 1) return leaf(ranges.front().rule);
  const std::size_t half = ranges.size() / 2;
  const Program below = tree(ranges.first(half));
  const Program above = tree(ranges.subspan(half));
  Program program;
  if (below.size() <= 255) {
    program.push_back(jump(BPF_JGE, ranges[half].first, below.size(), 0));
  } else {  // a conditional jump has 8 bits only
    program.push_back(jump(BPF_JGE, ranges[half].first, 0, 1));
    program.push_back(bpf::statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(below.size())));
  }
  program.insert(program.end(), below.begin(), below.end());
  program.insert(program.end(), above.begin(), above.end());
  return program;
}

}  // namespace

std::vector<sock_filter> build_seccomp_filter(const std::vector<SyscallRange>& ranges) {
  Program program{bpf::load_architecture(), jump(BPF_JEQ, bpf::k_architecture, 1, 0),
                  answer(k_unknown), bpf::load_number()};
  const Program rules = ranges.empty() ? leaf(SyscallRule::refuse) : tree(ranges);
  program.insert(program.end(), rules.begin(), rules.end());
  return program;
}

const std::vector<sock_filter>& seccomp_filter() {
  static const Program program = build_seccomp_filter(syscall_ranges());
  return program;
}

Result<void> install_seccomp(const std::vector<sock_filter>& filter) {
  const auto failed = [](const char* step) {
    return host_error(std::string("cannot filter system calls: ") + step + ": " +
                      std::strerror(errno));
  };
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs");
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  // Before Linux 5.16 a filter also switches off speculative stores, which would slow the function
  // down; its code is its owner's own.
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) !=
      0) {
    return failed("seccomp");
  }
  return {};
}

}  // namespace coldframe
