// W14 and W15: every library that a program or library needs is there, and has the versions that it
// needs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "emulator/inspect/library_search.hpp"
#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {
namespace {

struct Group {
  Severity severity = Severity::info;
  std::string first;  // who needs it
  std::size_t count = 0;
  std::string version;  // the highest that is wanted
  std::string there;    // the highest that is given, or where the library lies
};

// "GLIBC_2.34" by its numbers: 2.9 is below 2.34.
bool is_lower(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const auto digits = [](std::string_view text) {
      return std::min(text.find_first_not_of("0123456789"), text.size());
    };
    const std::size_t x = digits(a);
    const std::size_t y = digits(b);
    if (x > 0 && y > 0) {
      if (x != y) return x < y;
      if (const int order = a.substr(0, x).compare(b.substr(0, y)); order != 0) return order < 0;
    } else if (a.front() != b.front()) {
      return a.front() < b.front();
    }
    a.remove_prefix(std::max<std::size_t>(std::min(x, y), 1));
    b.remove_prefix(std::max<std::size_t>(std::min(x, y), 1));
  }
  return a.empty() && !b.empty();
}

// Packages that bring what is often missing, in Debian and in Amazon Linux.
struct Provider {
  std::string_view library;
  const char* debian;
  const char* amazon;
};
constexpr std::array<Provider, 12> k_providers{{
    {"libgomp.so.1", "libgomp1", "libgomp"},
    {"libGL.so.1", "libgl1", "mesa-libGL"},
    {"libglib-2.0.so.0", "libglib2.0-0", "glib2"},
    {"libgthread-2.0.so.0", "libglib2.0-0", "glib2"},
    {"libstdc++.so.6", "libstdc++6", "libstdc++"},
    {"libgcc_s.so.1", "libgcc-s1", "libgcc"},
    {"libgfortran.so.5", "libgfortran5", "libgfortran"},
    {"libopenblas.so.0", "libopenblas0", "openblas"},
    {"libquadmath.so.0", "libquadmath0", "libquadmath"},
    {"libSM.so.6", "libsm6", "libSM"},
    {"libXext.so.6", "libxext6", "libXext"},
    {"libsndfile.so.1", "libsndfile1", "libsndfile"},
}};

// What a driver brings, or a library asks for and does without.
bool is_optional(const std::string& library) {
  constexpr std::array<std::string_view, 9> k_optional{"libcuda.so", "libnvidia", "libtbb.so",
                                                       "libtcl8",    "libtk8",    "libtcl9",
                                                       "libtcl.so",  "libtk.so",  "libmpi"};
  return std::any_of(k_optional.begin(), k_optional.end(),
                     [&](std::string_view one) { return library.starts_with(one); });
}

std::string install_line(const Look& look, const std::string& library) {
  const bool is_debian = look.subject.tree.resolve("/etc/debian_version").has_value();
  for (const Provider& one : k_providers) {
    if (one.library != library) continue;
    if (is_debian) {
      return fmt::format("RUN apt-get update && apt-get install -y --no-install-recommends {}",
                         one.debian);
    }
    return fmt::format("RUN dnf install -y {}", one.amazon);
  }
  return is_debian ? "RUN apt-get install -y PACKAGE   # apt-file search " + library
                   : "RUN dnf install -y PACKAGE   # dnf provides '*/" + library + "'";
}

class LibraryCheck {
 public:
  LibraryCheck(const Look& look, Findings& out)
      : look_(look), out_(out), search_(look.subject, look.census) {}

  void run() {
    const auto machine =
        look_.subject.architecture == "arm64" ? ElfFile::k_aarch64 : ElfFile::k_x86_64;
    resolve(machine);
    find_used();
    for (const CensusElf& one : look_.census.elfs()) {
      if (one.elf.machine == machine && one.elf.is_64_bit && !one.elf.is_object) check(one);
    }
    tell();
  }

 private:
  void resolve(std::uint16_t machine) {
    for (const CensusElf& one : look_.census.elfs()) {
      if (one.elf.machine != machine || !one.elf.is_64_bit) continue;
      const CensusFile& file = look_.census.files()[one.file];
      auto& found = found_[&file];
      for (const std::string& name : one.elf.needed)
        found.emplace(name, search_.find(name, file, one.elf));
    }
    find_by_loaders();
  }

  // A library without a RUNPATH is also given the RPATH of those that load it.
  void find_by_loaders() {
    std::map<const CensusFile*, std::vector<const CensusFile*>> loaders;
    for (const auto& [file, libraries] : found_) {
      for (const auto& [name, library] : libraries) {
        if (library != nullptr) loaders[library].push_back(file);
      }
    }
    for (auto& [file, libraries] : found_) {
      const ElfFile* elf = look_.census.elf_of(*file);
      if (elf == nullptr || !elf->runpath.empty()) continue;
      for (auto& [name, library] : libraries) {
        if (library == nullptr) library = behind_loaders(name, file, loaders);
      }
    }
  }

  const CensusFile* behind_loaders(
      const std::string& name, const CensusFile* file,
      const std::map<const CensusFile*, std::vector<const CensusFile*>>& loaders) {
    constexpr std::size_t k_most_loaders = 200;
    std::set<const CensusFile*> seen{file};
    std::vector<const CensusFile*> left{file};
    while (!left.empty() && seen.size() < k_most_loaders) {
      const auto above = loaders.find(left.back());
      left.pop_back();
      if (above == loaders.end()) continue;
      for (const CensusFile* loader : above->second) {
        const ElfFile* elf = look_.census.elf_of(*loader);
        if (elf == nullptr || !seen.insert(loader).second) continue;
        left.push_back(loader);
        if (const auto* found = search_.in_rpath(name, *loader, *elf)) return found;
      }
    }
    return nullptr;
  }

  // What is started or imported, and all that it loads.
  void find_used() {
    std::vector<const CensusFile*> left;
    const auto use = [&](const CensusFile* file) {
      if (file != nullptr && used_.insert(file).second) left.push_back(file);
    };
    for (const auto& [file, libraries] : found_) {
      if (look_.reach(file->path) == Look::Reach::used) use(file);
    }
    for (const std::string& program : {look_.program.path, look_.program.python}) {
      const auto node = program.empty() ? std::nullopt : look_.subject.tree.resolve(program);
      if (node) use(look_.census.find(node->path));
    }
    while (!left.empty()) {
      const CensusFile* file = left.back();
      left.pop_back();
      for (const auto& [name, library] : found_[file])
        use(library);
    }
  }

  void check(const CensusElf& one) {
    const CensusFile& file = look_.census.files()[one.file];
    const auto reach = used_.contains(&file) ? Look::Reach::used : look_.reach(file.path);
    for (const auto& [name, library] : found_[&file]) {
      if (library == nullptr) {
        missing(name, file, reach);
        continue;
      }
      const auto wants = one.elf.wants.find(name);
      const ElfFile* elf = look_.census.elf_of(*library);
      if (wants != one.elf.wants.end() && elf != nullptr && !elf->gives.empty()) {
        check_versions(wants->second, file, *library, *elf, reach);
      }
    }
  }

  void missing(const std::string& name, const CensusFile& file, Look::Reach reach) {
    // Outside of a directory there may be anything.
    if (!look_.subject.is_image()) return;
    Severity severity = severity_of(reach);
    const CensusFile* other = search_.anywhere(name);
    // Something may load it first, by its path; then its name alone is enough.
    if (other != nullptr || is_optional(name)) severity = Severity::info;
    // What a distribution leaves out of its own is its own affair.
    if (reach == Look::Reach::other || (severity == Severity::info && is_optional(name))) return;
    Group& group = missing_[{severity, name}];
    if (group.count++ == 0) group.first = file.path;
    group.severity = severity;
    if (other != nullptr) group.there = other->path;
  }

  void check_versions(const std::vector<WantedVersion>& wants, const CensusFile& file,
                      const CensusFile& library, const ElfFile& elf, Look::Reach reach) {
    std::string highest;
    for (const WantedVersion& version : wants) {
      if (version.weak ||
          std::find(elf.gives.begin(), elf.gives.end(), version.name) != elf.gives.end()) {
        continue;
      }
      if (highest.empty() || is_lower(highest, version.name)) highest = version.name;
    }
    if (highest.empty() || reach == Look::Reach::other) return;
    Group& group = too_old_[{severity_of(reach), library.path}];
    group.severity = severity_of(reach);
    ++group.count;
    if (!group.version.empty() && !is_lower(group.version, highest)) return;
    group.first = file.path;
    group.version = highest;
    const std::string family = highest.substr(0, highest.find('_') + 1);
    for (const std::string& given : elf.gives) {
      if (!given.starts_with(family) || given.find_first_of("0123456789") != family.size())
        continue;
      if (group.there.empty() || is_lower(group.there, given)) group.there = given;
    }
  }

  // A wheel brings its own, with a hash in their names.
  std::string fix_for(const std::string& library, const std::string& owner) const {
    constexpr std::size_t k_hash = 8;
    const auto end = std::min(library.find(".so"), library.size());
    const auto dash = library.rfind('-', end);
    const std::string package = look_.package_of(owner);
    const Distribution* wheel = package.empty() ? nullptr : look_.python.of_module(package);
    if (wheel != nullptr && dash != std::string::npos && end - dash == k_hash + 1) {
      return fmt::format("RUN pip install --force-reinstall {}=={}", wheel->name, wheel->version);
    }
    return install_line(look_, library);
  }

  void tell() {
    for (const auto& [kind, group] : too_old_) {
      out_.push_back(
          {"W14", group.severity,
           fmt::format("{}{} {} {}, and {} of the image has {}", last_part(group.first),
                       and_more(group.count, 1), group.count == 1 ? "needs" : "need", group.version,
                       last_part(kind.second),
                       group.there.empty() ? "no such versions" : "no more than " + group.there),
           look_.subject.shown(group.first),
           "use a newer base (public.ecr.aws/lambda/python:3.12 has glibc 2.34), or a wheel for an "
           "older one: pip install --only-binary=:all: PACKAGE"});
    }
    for (const auto& [kind, group] : missing_) {
      const std::string who =
          fmt::format("{}{} {} {}", last_part(group.first), and_more(group.count, 1),
                      group.count == 1 ? "needs" : "need", kind.second);
      if (!group.there.empty()) {
        out_.push_back(
            {"W15", group.severity,
             who + ", which is in the image, but where the loader does not look: it "
                   "must be loaded before",
             look_.subject.shown(group.first),
             "ENV LD_LIBRARY_PATH=" + std::string(parent_of(group.there)) + ":$LD_LIBRARY_PATH"});
        continue;
      }
      out_.push_back({"W15", group.severity, who + ", which is not in the image",
                      look_.subject.shown(group.first), fix_for(kind.second, group.first)});
    }
  }

  using Groups = std::map<std::pair<Severity, std::string>, Group>;
  const Look& look_;
  Findings& out_;
  LibrarySearch search_;
  std::map<const CensusFile*, std::map<std::string, const CensusFile*>> found_;
  std::set<const CensusFile*> used_;
  Groups missing_;
  Groups too_old_;
};

}  // namespace

void check_libraries(const Look& look, Findings& out) { LibraryCheck(look, out).run(); }

}  // namespace coldframe::inspect
