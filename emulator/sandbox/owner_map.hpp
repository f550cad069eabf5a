// A directory of the host, seen as if it belonged to root: on Lambda the code does, whoever has
// made it. Where the file system can do that (an idmapped mount; ext4, XFS, Btrfs and others).
//
//   OwnerMaps maps;                        // of the sandbox server
//   int map = maps.to_root(1000, 1000);    // kept: some 0.25 ms the first time
//   show_owned(tree.get(), map);           // a detached tree: 1000's files are root's in there
//
// Root's are 1000's in return; all others are whose they were. Needs root and user namespaces. For
// a single-threaded process, as it forks, and one that collects its children.
#pragma once

#include <sys/types.h>

#include <map>
#include <utility>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

class OwnerMaps {
 public:
  // A descriptor of ours; -1: none is needed, or none can be had.
  int to_root(uid_t uid, gid_t gid);

 private:
  std::map<std::pair<uid_t, gid_t>, UniqueFd> maps_;  // none can be had: an empty one
};

// False, and the tree is as it was, where a file system in it cannot do that. Before it is
// attached.
bool show_owned(int tree, int map);

}  // namespace coldframe
