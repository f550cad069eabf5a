// The directories below some roots that an inotify queue watches, each by the path on which it was
// reached. Private to this room.
//
// Symbolic links to directories are followed, but not where that would come to the same directory
// twice, or up to one that holds a root or the link itself (a loop, and other people's files).
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/error.hpp"

namespace coldframe {

// The directory itself, or anything in it; by their texts.
bool is_below(const std::filesystem::path& path, const std::filesystem::path& directory);

class WatchTree {
 public:
  using Path = std::filesystem::path;
  using Ignored = std::function<bool(const Path& directory, const std::string& name)>;
  // `queue`: an inotify descriptor that outlives the tree's last use.
  WatchTree(int queue, const std::vector<Path>& roots, std::size_t most_linked, Ignored ignored);

  // A directory and all below it. One that is gone again, or may not be read, is passed over.
  Result<void> add(const Path& directory);
  // Follows the links that add() has met. By itself, because its failure leaves the rest in order.
  Result<void> follow_links();
  Result<void> follow_link(const Path& link);
  void forget(const Path& directory);  // and all below it
  void drop(int watch) { erase(watches_.find(watch)); }

  // Null: none of ours any more.
  const Path* find(int watch) const;
  bool holds(const Path& directory) const;
  bool is_link(const Path& path) const { return links_.count(path) > 0; }
  // Whether a link was forgotten since the last call: what it led to may be reached another way.
  bool take_forgotten_link() { return std::exchange(is_link_forgotten_, false); }

 private:
  enum class Reach { real, link, below_link };
  struct Watch {
    Path path;
    bool is_linked;
  };
  using Watches = std::map<int, Watch>;

  Result<void> walk(const Path& directory, Reach reach);
  bool leads_up(const Path& link) const;
  Watches::iterator erase(Watches::iterator at);

  int queue_;
  std::vector<Path> real_roots_;
  std::size_t most_linked_;
  Ignored ignored_;
  Watches watches_;
  std::size_t linked_ = 0;   // of watches_
  std::set<Path> links_;     // that are followed
  std::vector<Path> found_;  // links that were met and not followed yet
  bool is_link_forgotten_ = false;
};

}  // namespace coldframe
