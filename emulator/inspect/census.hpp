// Every file of what is inspected, from one walk over the tree; and those that are ELF files, each
// read once.
//
//   const Census census = Census::take(subject);
//   for (const CensusFile& file : census.below("/var/task")) …
//
// It only stats, and reads the heads of what may be a program or a library by its mode or name.
// Bound: k_most_files; what comes after is not looked at (is_cut_off). Immutable afterwards.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emulator/inspect/elf_reader.hpp"
#include "emulator/inspect/subject.hpp"

namespace coldframe::inspect {

struct CensusFile {
  std::string path;
  std::string host_path;
  mode_t mode = 0;
  std::int64_t bytes = 0;  // 0 of what is no file
  std::int64_t modified = 0;
  std::size_t layer = 0;      // of the tree's directories
  bool is_first_name = true;  // of a file with several hard links
  bool is_file() const { return S_ISREG(mode); }
  bool is_directory() const { return S_ISDIR(mode); }
  bool is_link() const { return S_ISLNK(mode); }
  std::string_view name() const { return std::string_view(path).substr(path.rfind('/') + 1); }
};

struct CensusElf {
  std::size_t file = 0;  // its index
  ElfFile elf;
};

// A file that a higher layer has put another in the place of.
struct Overwritten {
  std::string path;
  std::int64_t bytes = 0;
};

class Census {
 public:
  static constexpr std::size_t k_most_files = 1'000'000;

  Census() = default;
  Census(Census&&) = default;
  Census& operator=(Census&&) = default;
  static Census take(const Subject& subject);

  const std::vector<CensusFile>& files() const { return files_; }
  const std::vector<CensusElf>& elfs() const { return elfs_; }
  const std::vector<Overwritten>& overwritten() const { return overwritten_; }
  bool is_cut_off() const { return is_cut_off_; }
  std::int64_t visible_bytes() const { return visible_bytes_; }

  // What is at a path, links not followed; nullptr: nothing.
  const CensusFile* find(std::string_view path) const;
  // All below a directory, the directory itself first; none if there is no such one.
  std::span<const CensusFile> below(std::string_view path) const;
  // A compiled module of Python's by its path up to the version: "/x/_tree.cpython-".
  const CensusFile* find_compiled(std::string_view beginning) const;
  // What is directly in a directory, sorted by name.
  std::vector<const CensusFile*> children(std::string_view directory) const;
  // Of a file; nullptr: it is none.
  const ElfFile* elf_of(const CensusFile& file) const;

 private:
  void add(const ImageTree::Node& node);
  void find_overwritten(const Subject& subject, const ImageTree::Node& node);
  void index(std::size_t i);
  void read_elfs();

  std::vector<CensusFile> files_;  // a directory before what is in it
  std::unordered_map<std::string_view, std::size_t> by_path_;
  std::unordered_map<std::string_view, std::size_t> compiled_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> children_;
  std::vector<CensusElf> elfs_;
  std::unordered_map<std::size_t, std::size_t> elf_by_file_;
  std::vector<Overwritten> overwritten_;
  std::int64_t visible_bytes_ = 0;
  bool is_cut_off_ = false;
};

// Whether `path` is `directory` or below it.
bool is_below(std::string_view path, std::string_view directory);
// "/" of what has no other; lives as long as `path`.
std::string_view parent_of(std::string_view path);
std::string_view last_part(std::string_view path);

}  // namespace coldframe::inspect
