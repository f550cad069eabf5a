// The directory that a layer is unpacked into, as overlayfs wants it: what a layer removes of those
// below is a device 0/0, what hides a whole directory an attribute of that.
//
//   LayerTree tree(directory, rights);
//   if (auto ok = tree.add_file("app/model.bin", attributes, size, write); !ok) …
//   tree.finish();                       // modes and times of directories
//
// Names are relative, without "..": they are looked up with the directory as their root, so that no
// link leads out of it. Parents that the layer does not name are made, and told of: below them
// there may be others whose attributes count. Errors: 2, what a layer wants makes no sense; 4, the
// host cannot do it. One thread.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

// What whoever unpacks may do.
struct LayerRights {
  bool set_owners = true;     // else all belongs to the caller
  bool trusted_xattr = true;  // overlayfs' attributes of root; else those of a user namespace
  bool keep_set_id = true;    // of set-user-id and set-group-id programs
};

struct EntryAttributes {
  mode_t mode = 0644;  // permissions only
  uid_t owner = 0;
  gid_t group = 0;
  timespec modified{};
  std::vector<std::pair<std::string, std::string>> xattrs;
};

class LayerTree {
 public:
  // `root`: an empty directory; stays the caller's.
  LayerTree(int root, LayerRights rights);

  // `write` fills the new file and leaves it at its size.
  using Write = std::function<Result<void>(int file)>;
  Result<void> add_file(const std::string& path, const EntryAttributes& attributes,
                        const Write& write);
  Result<void> add_directory(const std::string& path, const EntryAttributes& attributes);
  Result<void> add_symlink(const std::string& path, const EntryAttributes& attributes,
                           const std::string& target);
  Result<void> add_hard_link(const std::string& path, const std::string& target);
  Result<void> add_fifo(const std::string& path, const EntryAttributes& attributes);
  // Removes what layers below have there.
  Result<void> add_whiteout(const std::string& path);
  // Hides all that layers below have in a directory.
  Result<void> make_opaque(const std::string& path);

  Result<void> finish();
  // Parents that were made without being named, sorted; after finish().
  std::vector<std::string> implicit_directories() const;

 private:
  struct Directory {
    EntryAttributes attributes;
    bool is_named = false;
  };
  using Parent = std::shared_ptr<const UniqueFd>;
  // Where an entry goes.
  struct Place {
    Parent parent;
    std::string name;
    int directory() const { return parent->get(); }
    const char* in_it() const { return name.c_str(); }
  };

  Result<Place> place_of(const std::string& path);
  Result<Parent> open_parent(const std::string& path);
  Result<UniqueFd> open_directory(const std::string& path);
  Result<void> make_parents(const std::string& path);
  // Makes room for something new; whether a whiteout was there.
  Result<bool> clear(const Place& place, const std::string& path);
  Result<void> dress(int file, const EntryAttributes& attributes, const std::string& path);
  Result<void> set_opaque(int directory, const std::string& path);
  Result<void> apply(const std::string& path, const Directory& directory);

  int root_;
  LayerRights rights_;
  std::unordered_map<std::string, Parent> parents_;  // some that were used last
  std::map<std::string, Directory> directories_;     // by path, a parent before what is in it
};

// Removes all in a directory, also what its modes keep us from; the directory itself stays. False:
// something is left, see errno.
bool remove_contents(int directory);

}  // namespace coldframe
