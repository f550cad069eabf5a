// W11: the machine that the image, and every program and library in it, was built for.
#include <map>

#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {
namespace {

std::string machine_name(const ElfFile& elf) {
  constexpr std::uint16_t k_i386 = 3;
  constexpr std::uint16_t k_arm = 40;
  constexpr std::uint16_t k_riscv = 243;
  switch (elf.machine) {
    case ElfFile::k_x86_64:
      return elf.is_64_bit ? "x86_64" : "x32";
    case ElfFile::k_aarch64:
      return "arm64";
    case k_i386:
      return "i386";
    case k_arm:
      return "32-bit ARM";
    case k_riscv:
      return "RISC-V";
    default:
      return "machine " + std::to_string(elf.machine);
  }
}

std::string build_line(const std::string& architecture) {
  return "docker buildx build --platform linux/" + oci_architecture(architecture) +
         " --provenance=false --sbom=false -t NAME:TAG .";
}

// Packages may carry a library for each machine, and load the right one.
bool has_right_twin(const Look& look, const CensusFile& file, std::uint16_t machine) {
  const std::string stem(file.name().substr(0, file.name().find('.')));
  constexpr std::size_t k_most_siblings = 2000;
  const auto siblings = look.census.children(parent_of(file.path));
  if (siblings.size() > k_most_siblings) return false;
  for (const CensusFile* other : siblings) {
    if (other == &file || !other->name().starts_with(stem)) continue;
    const ElfFile* elf = look.census.elf_of(*other);
    if (elf != nullptr && elf->machine == machine) return true;
  }
  return false;
}

struct Group {
  std::string first;
  std::size_t count = 0;
};

}  // namespace

void check_platform(const Look& look, Findings& out) {
  const Subject& subject = look.subject;
  const std::string& target = subject.architecture;
  if (subject.is_image()) {
    const ImageConfig& config = subject.manifest->config;
    const std::string is_for = lambda_architecture(config.architecture);
    if (!config.os.empty() && config.os != "linux") {
      out.push_back({"W11", Severity::error, "the image is for " + config.os + ", not for linux",
                     "config", build_line(target)});
    }
    if (is_for.empty()) {
      out.push_back({"W11", Severity::warning, "the image does not say for which machine it is",
                     "config", build_line(target)});
    } else if (is_for != target) {
      out.push_back({"W11", Severity::error,
                     "the image is for " + is_for + ", the function for " + target +
                         ": Lambda answers Runtime.InvalidEntrypoint, exec format error",
                     "config", build_line(target)});
    }
  }
  const std::uint16_t machine = target == "arm64" ? ElfFile::k_aarch64 : ElfFile::k_x86_64;
  std::map<std::pair<Severity, std::string>, Group> groups;
  for (const CensusElf& one : look.census.elfs()) {
    const CensusFile& file = look.census.files()[one.file];
    if (one.elf.machine == machine && one.elf.is_64_bit) continue;
    constexpr std::uint16_t k_bpf = 247;
    if (one.elf.is_object || one.elf.machine == k_bpf) continue;
    const auto reach = look.reach(file.path);
    if (reach == Look::Reach::other || has_right_twin(look, file, machine)) continue;
    Group& group = groups[{severity_of(reach), machine_name(one.elf)}];
    if (group.count++ == 0) group.first = file.path;
  }
  for (const auto& [kind, group] : groups) {
    out.push_back({"W11", kind.first,
                   std::string(last_part(group.first)) + and_more(group.count, 1) +
                       (group.count == 1 ? " is for " : " are for ") + kind.second +
                       ", the function for " + target,
                   subject.shown(group.first),
                   subject.is_image()
                       ? build_line(target)
                       : "pip install --platform " +
                             std::string(target == "arm64" ? "manylinux2014_aarch64"
                                                           : "manylinux2014_x86_64") +
                             " --only-binary=:all: -t . -r requirements.txt"});
  }
}

}  // namespace coldframe::inspect
