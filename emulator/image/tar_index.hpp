// What an uncompressed tar file has, and where, so that its pieces can be read in any order: the
// table of an archive whose members are an image's blobs.
//
//   auto index = TarIndex::read(file, size, "image.tar");
//   if (const auto* member = index->find("manifest.json")) … member->offset, member->size
//
// Names are as an image's files name each other: without "./" in front. Layers are not read with
// this: it knows no owners, sparse files or extended attributes. Immutable; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "emulator/base/error.hpp"

namespace coldframe {

struct TarMember {
  enum class Kind { file, directory, link, other };
  Kind kind = Kind::file;
  std::int64_t offset = 0;  // of its content
  std::int64_t size = 0;    // bytes
  std::string target;       // of a link, by its name in the archive
};

class TarIndex {
 public:
  // `file` can be read at any place and has `size` bytes. Of two members with one name the later
  // counts. Error: 2, with `name`: no tar file, cut off, too many members; 4: it cannot be read.
  static Result<TarIndex> read(int file, std::int64_t size, const std::string& name);

  // A file, also behind links; nullptr: there is none.
  const TarMember* find(std::string_view name) const;
  const std::map<std::string, TarMember, std::less<>>& members() const { return members_; }

 private:
  std::map<std::string, TarMember, std::less<>> members_;
};

}  // namespace coldframe
