// Finds shared libraries as the loader of glibc would, in the files of an image. Private to this
// room.
//
//   LibrarySearch search(subject, census);
//   const CensusFile* file = search.find("libgomp.so.1", owner, owner_elf);
//
// The cache of ldconfig is taken to be up to date: directories of /etc/ld.so.conf are searched.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "emulator/inspect/census.hpp"

namespace coldframe::inspect {

class LibrarySearch {
 public:
  LibrarySearch(const Subject& subject, const Census& census);

  // Behind links. nullptr: the loader would not find it for that file, unless something has loaded
  // it before.
  const CensusFile* find(const std::string& name, const CensusFile& owner, const ElfFile& elf);
  // Where the RPATH of a file leads; it counts only without a RUNPATH.
  const CensusFile* in_rpath(const std::string& name, const CensusFile& owner, const ElfFile& elf) {
    if (!elf.runpath.empty()) return nullptr;
    return in_list(elf.rpath, std::string(parent_of(owner.path)), name);
  }
  // A library of that name that lies somewhere else; nullptr: there is none.
  const CensusFile* anywhere(const std::string& name) const;

 private:
  const CensusFile* in_directory(const std::string& directory, const std::string& name);
  const CensusFile* in_list(const std::string& list, const std::string& origin,
                            const std::string& name);
  const std::string& real_directory(const std::string& directory);
  void add_configured(const std::string& file, int depth);

  const Subject& subject_;
  const Census& census_;
  std::vector<std::string> first_;  // LD_LIBRARY_PATH
  std::vector<std::string> last_;   // configured ones and the loader's own
  std::unordered_map<std::string, std::string> real_;
  std::unordered_map<std::string, const CensusFile*> by_name_;
};

}  // namespace coldframe::inspect
