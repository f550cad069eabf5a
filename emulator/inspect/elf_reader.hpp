// What an ELF file says of itself: for which machine, what it needs, what it gives, and which CPU.
//
//   const auto elf = read_elf(*FileBytes::open(path));
//   elf->needed            // {"libgomp.so.1", …}
//   elf->wants["libc.so.6"]       // {{"GLIBC_2.34", false}, …}
//
// Nothing in the file is believed: every offset is checked, every list has an end (of a list that
// is too long the first part counts). Only machine and class are read of files that are not 64-bit
// little-endian, as Lambda's machines are. Pure but for the bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/inspect/bytes.hpp"

namespace coldframe::inspect {

// A version of a library that must be there; a weak one may be missing.
struct WantedVersion {
  std::string name;  // "GLIBC_2.34"
  bool weak = false;
};

struct ElfFile {
  static constexpr std::uint16_t k_x86_64 = 62;
  static constexpr std::uint16_t k_aarch64 = 183;
  // Bits of GNU_PROPERTY_X86_ISA_1_NEEDED (x86-64 psABI).
  static constexpr std::uint32_t k_isa_v3 = 1U << 2;
  static constexpr std::uint32_t k_isa_v4 = 1U << 3;

  std::uint16_t machine = 0;
  bool is_64_bit = false;
  bool is_little_endian = false;
  bool is_object = false;   // an unlinked .o
  std::string interpreter;  // "/lib64/ld-linux-x86-64.so.2"; empty: a library, or static
  std::string soname;
  std::string rpath;
  std::string runpath;
  std::vector<std::string> needed;
  std::map<std::string, std::vector<WantedVersion>> wants;  // by library
  std::vector<std::string> gives;                           // versions that it defines
  std::uint32_t x86_isa = 0;                                // needed, as bits
};

// Nothing: it is no ELF file.
std::optional<ElfFile> read_elf(const Bytes& file);

}  // namespace coldframe::inspect
