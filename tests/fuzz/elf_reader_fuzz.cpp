// Fuzz target of the ELF reader. Whatever the bytes: it ends, what it tells is bounded, and a file
// that is cut off tells nothing that the whole one does not begin with.
//
// Input: the file.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "emulator/inspect/elf_reader.hpp"

namespace {

using namespace coldframe::inspect;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", rule);
  std::abort();
}

void check(const ElfFile& elf) {
  constexpr std::size_t k_most_text = 4096;
  std::size_t versions = 0;
  for (const auto& [library, wanted] : elf.wants) {
    require(!library.empty() && library.size() <= k_most_text, "a library has a name");
    for (const WantedVersion& one : wanted)
      require(!one.name.empty() && one.name.size() <= k_most_text, "a version has a name");
    versions += wanted.size();
  }
  require(versions <= 4096 && elf.gives.size() <= 4096, "versions are bounded");
  require(elf.needed.size() <= 1024, "needed libraries are bounded");
  for (const std::string& name : elf.needed)
    require(name.find('\0') == name.npos && name.size() <= k_most_text, "a name ends at a NUL");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = read_elf(MemoryBytes(bytes));
  require(!whole || bytes.starts_with("\x7f"
                                      "ELF"),
          "an ELF file begins like one");
  if (!whole) return 0;
  check(*whole);
  const auto half = read_elf(MemoryBytes(bytes.substr(0, size / 2)));
  if (half) {
    check(*half);
    require(half->machine == whole->machine, "the head is the same");
  }
  return 0;
}
