// Runs a filter of system calls as the kernel would.
//
//   seccomp_data data{};
//   data.nr = SYS_mount;
//   run(filter, data).value;          // SECCOMP_RET_ERRNO | EPERM
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace coldframe::testing {

struct Verdict {
  std::uint32_t value = 0;  // 0: the program is not valid
  int instructions = 0;
};

inline Verdict run(const std::vector<sock_filter>& program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  Verdict verdict;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto& [code, yes, no, k] = program[at];
    ++verdict.instructions;
    switch (code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (k + 4 > sizeof data) return {};
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + k, 4);
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == k ? yes : no;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= k ? yes : no;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        at += (accumulator & k) != 0 ? yes : no;
        break;
      case BPF_JMP | BPF_JA:
        at += k;
        break;
      case BPF_RET | BPF_K:
        verdict.value = k;
        return verdict;
      default:
        return {};
    }
  }
  return {};
}

}  // namespace coldframe::testing
