#include "emulator/inspect/library_search.hpp"

#include <algorithm>
#include <filesystem>

namespace coldframe::inspect {
namespace {

// Source: the environment that was recorded on AWS.
constexpr const char* k_lambda_libraries =
    "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/"
    "lib";
constexpr std::size_t k_most_directories = 256;
constexpr std::size_t k_config_bytes = 64 * 1024;

std::vector<std::string> split(const std::string& text, char at_each) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size() && parts.size() < k_most_directories;) {
    const auto end = std::min(text.find(at_each, at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

}  // namespace

LibrarySearch::LibrarySearch(const Subject& subject, const Census& census)
    : subject_(subject), census_(census) {
  first_ = split(subject.variable("LD_LIBRARY_PATH"), ':');
  for (auto& directory : split(k_lambda_libraries, ':'))
    first_.push_back(std::move(directory));
  add_configured("/etc/ld.so.conf", 0);
  const bool arm = subject.architecture == "arm64";
  const std::string triplet = arm ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  for (const std::string& directory :
       {"/lib/" + triplet, "/usr/lib/" + triplet, std::string("/lib64"), std::string("/usr/lib64"),
        std::string("/lib"), std::string("/usr/lib"), std::string("/usr/local/lib")})
    last_.push_back(directory);
  for (const CensusFile& file : census.files()) {
    if (!file.is_directory() && file.path.find(".so", file.path.rfind('/')) != std::string::npos)
      by_name_.emplace(std::string(file.name()), &file);
  }
}

void LibrarySearch::add_configured(const std::string& file, int depth) {
  constexpr int k_most_depth = 2;
  const auto node = subject_.tree.resolve(file);
  if (!node || depth > k_most_depth) return;
  for (const std::string& line : split(ImageTree::beginning(*node, k_config_bytes), '\n')) {
    if (line.starts_with("include ")) {
      const std::string pattern = line.substr(8);
      if (!pattern.ends_with("/*.conf")) continue;
      const std::string directory = pattern.substr(0, pattern.size() - 7);
      const std::string base = directory.starts_with('/') ? directory : "/etc/" + directory;
      for (const std::string& name : subject_.tree.list(base)) {
        if (name.ends_with(".conf")) add_configured(base + "/" + name, depth + 1);
      }
    } else if (line.starts_with('/') && last_.size() < k_most_directories) {
      last_.push_back(line.substr(0, line.find_last_not_of(" \t\r") + 1));
    }
  }
}

const std::string& LibrarySearch::real_directory(const std::string& directory) {
  const auto known = real_.find(directory);
  if (known != real_.end()) return known->second;
  const auto node = subject_.tree.resolve(directory);
  return real_.emplace(directory, node && node->is_directory() ? node->path : "").first->second;
}

const CensusFile* LibrarySearch::in_directory(const std::string& directory,
                                              const std::string& name) {
  const std::string& real = real_directory(directory);
  if (real.empty()) return nullptr;
  const CensusFile* file = census_.find((real == "/" ? "" : real) + "/" + name);
  if (file != nullptr && file->is_link()) {
    const auto node = subject_.tree.resolve(file->path);
    file = node ? census_.find(node->path) : nullptr;
  }
  if (file == nullptr || !file->is_file()) return nullptr;
  // The loader passes over what is for another machine.
  const ElfFile* elf = census_.elf_of(*file);
  const auto machine = subject_.architecture == "arm64" ? ElfFile::k_aarch64 : ElfFile::k_x86_64;
  return elf == nullptr || (elf->machine == machine && elf->is_64_bit) ? file : nullptr;
}

const CensusFile* LibrarySearch::in_list(const std::string& list, const std::string& origin,
                                         const std::string& name) {
  for (std::string directory : split(list, ':')) {
    const bool arm = subject_.architecture == "arm64";
    replace_all(directory, "${ORIGIN}", "$ORIGIN");
    replace_all(directory, "$ORIGIN", origin);
    replace_all(directory, "$LIB", arm ? "lib/aarch64-linux-gnu" : "lib/x86_64-linux-gnu");
    const std::string clean = std::filesystem::path(directory).lexically_normal().string();
    if (const auto* file = in_directory(clean, name)) return file;
  }
  return nullptr;
}

const CensusFile* LibrarySearch::find(const std::string& name, const CensusFile& owner,
                                      const ElfFile& elf) {
  const std::string origin(parent_of(owner.path));
  if (name.find('/') != std::string::npos) {
    const auto node = subject_.tree.resolve(name);
    return node ? census_.find(node->path) : nullptr;
  }
  if (const auto* file = in_rpath(name, owner, elf)) return file;
  for (const std::string& directory : first_) {
    if (const auto* file = in_directory(directory, name)) return file;
  }
  if (const auto* file = in_list(elf.runpath, origin, name)) return file;
  for (const std::string& directory : last_) {
    if (const auto* file = in_directory(directory, name)) return file;
  }
  return nullptr;
}

const CensusFile* LibrarySearch::anywhere(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace coldframe::inspect
