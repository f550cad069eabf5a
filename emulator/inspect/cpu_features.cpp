// W17: libraries that say themselves that they need a newer CPU than every x86-64 machine of
// Lambda's is known to be.
#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {

void check_cpu_features(const Look& look, Findings& out) {
  if (look.subject.architecture != "x86_64") return;
  struct Level {
    std::uint32_t bit;
    Severity severity;
    const char* name;
    const char* what;
  };
  constexpr Level k_levels[] = {
      {ElfFile::k_isa_v4, Severity::error, "x86-64-v4",
       "AVX-512, which not every host of Lambda has"},
      {ElfFile::k_isa_v3, Severity::warning, "x86-64-v3", "AVX2 and FMA"}};
  for (const Level& level : k_levels) {
    std::string first;
    std::size_t count = 0;
    for (const CensusElf& one : look.census.elfs()) {
      const CensusFile& file = look.census.files()[one.file];
      const bool higher = level.bit == ElfFile::k_isa_v3 && (one.elf.x86_isa & ElfFile::k_isa_v4);
      if ((one.elf.x86_isa & level.bit) == 0 || higher) continue;
      // The loader takes what lies there only where the CPU has it.
      if (file.path.find("/glibc-hwcaps/") != std::string::npos) continue;
      if (look.reach(file.path) == Look::Reach::other) continue;
      if (count++ == 0) first = file.path;
    }
    if (count == 0) continue;
    out.push_back({"W17", level.severity,
                   std::string(last_part(first)) + and_more(count, 1) +
                       (count == 1 ? " needs " : " need ") + level.name + " (" + level.what +
                       "): an older CPU ends it with SIGILL",
                   look.subject.shown(first),
                   "CFLAGS=\"-O2 -march=x86-64-v2\" pip install "
                   "--no-binary :all: PACKAGE"});
  }
}

}  // namespace coldframe::inspect
