// Where the image store keeps what, and how processes that share it keep out of each other's way.
//
//   <store>/layers-KIND/HEX/fs        a layer, HEX of its diff_id; complete as soon as it has that
//   name <store>/layers-KIND/HEX/layer.json <store>/images-KIND/HEX.json      an image, HEX of its
//   digest; locked by whoever uses it <store>/images-KIND/HEX.top/      directories on top of its
//   layers, where these need some <store>/sources-KIND/HEX          a file that was imported, by
//   what stat() tells of it <store>/incoming/                 what is being made; each directory
//   locked by its maker <store>/import.lock               shared by who imports, alone for who
//   removes
//
// KIND: what whoever unpacked could do, as a layer of root's cannot be used by others. Private to
// this room.
#pragma once

#include <string>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/image/layer_tree.hpp"

namespace coldframe {

enum class LockKind { shared, alone };

// Held until the descriptor is closed, also by a process that is killed. `wait`: false: an empty
// descriptor if somebody else has it. Error: 4.
Result<UniqueFd> lock_file(const std::string& path, LockKind kind, bool wait = true);

// A directory below incoming/ of ours alone, removed at the end if it is still there.
class IncomingDirectory {
 public:
  static Result<IncomingDirectory> make(const std::string& store);
  IncomingDirectory(IncomingDirectory&&) noexcept = default;
  IncomingDirectory& operator=(IncomingDirectory&&) = delete;
  IncomingDirectory(const IncomingDirectory&) = delete;
  IncomingDirectory& operator=(const IncomingDirectory&) = delete;
  ~IncomingDirectory();

  const std::string& path() const { return path_; }
  // Takes what is in it below `name` to another place of the store, where nothing is. False: there
  // is something already. Error: 4.
  Result<bool> give(const std::string& name, const std::string& to);

 private:
  IncomingDirectory(std::string path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  UniqueFd lock_;
};

// What was left by makers that are dead.
void sweep_incoming(const std::string& store);

// By trying, in a directory of the store.
LayerRights rights_in(const std::string& directory);
std::string kind_name(const LayerRights& rights);

// Writes a small file so that it is there with all of it, or not. Error: 4.
Result<void> put_file(const std::string& path, const std::string& text);
// Nothing: it is not there or cannot be read.
std::string get_file(const std::string& path);
// A directory with all in it; false: something is left.
bool remove_tree(const std::string& path);

}  // namespace coldframe
