// The few instructions that our filters of system calls are made of. Pure.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coldframe::bpf {

using Program = std::vector<sock_filter>;

#ifdef __x86_64__
inline constexpr std::uint32_t k_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t k_architecture = AUDIT_ARCH_AARCH64;
#else
#error "The filters of system calls are for x86-64 and aarch64"
#endif

inline sock_filter statement(std::uint16_t code, std::uint32_t value) {
  return {code, 0, 0, value};
}

// `yes` and `no`: how many of the next instructions are left out. `test`: BPF_JEQ, BPF_JGE,
// BPF_JSET.
inline sock_filter jump(std::uint16_t test, std::uint32_t value, std::size_t yes, std::size_t no) {
  return {static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), static_cast<std::uint8_t>(yes),
          static_cast<std::uint8_t>(no), value};
}

inline sock_filter load_architecture() {
  return statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
}

inline sock_filter load_number() {
  return statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
}

// The low 32 bits: both architectures are little-endian.
inline sock_filter load_argument(std::uint32_t index) {
  return statement(BPF_LD | BPF_W | BPF_ABS,
                   static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + 8 * index);
}

inline sock_filter answer(std::uint32_t value) { return statement(BPF_RET | BPF_K, value); }

}  // namespace coldframe::bpf
