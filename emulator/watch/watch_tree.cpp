#include "emulator/watch/watch_tree.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace coldframe {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t k_events = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                   IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                   IN_ONLYDIR;

}  // namespace

bool is_below(const fs::path& path, const fs::path& directory) {
  const auto [end, ignored] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

WatchTree::WatchTree(int queue, const std::vector<Path>& roots, std::size_t most_linked,
                     Ignored ignored)
    : queue_(queue), most_linked_(most_linked), ignored_(std::move(ignored)) {
  for (const auto& root : roots) {
    std::error_code error;
    real_roots_.push_back(fs::weakly_canonical(fs::absolute(root), error));
  }
}

Result<void> WatchTree::add(const Path& directory) {
  const Path parent = directory.parent_path();
  const bool is_below_link = std::any_of(watches_.begin(), watches_.end(), [&](const auto& watch) {
    return watch.second.is_linked && watch.second.path == parent;
  });
  return walk(directory, is_below_link ? Reach::below_link : Reach::real);
}

Result<void> WatchTree::follow_links() {
  while (!found_.empty()) {
    const Path link = std::move(found_.back());
    found_.pop_back();
    if (leads_up(link)) continue;
    if (auto followed = walk(link, Reach::link); !followed) {
      found_.clear();
      return followed;
    }
  }
  return {};
}

Result<void> WatchTree::follow_link(const Path& link) {
  found_.push_back(link);
  return follow_links();
}

Result<void> WatchTree::walk(const Path& directory, Reach reach) {
  const bool is_linked = reach != Reach::real;
  if (is_linked && linked_ >= most_linked_) {
    return host_error("cannot watch '" + directory.string() +
                      "': symbolic links lead to more than " + std::to_string(most_linked_) +
                      " directories");
  }
  const int watch = ::inotify_add_watch(queue_, directory.c_str(), k_events);
  if (watch < 0 && errno == ENOSPC) {
    return host_error("cannot watch '" + directory.string() +
                      "': the host allows no more watches; raise fs.inotify.max_user_watches");
  }
  if (watch < 0) return {};
  // The kernel has one watch for a directory, however it is reached. Its real path wins.
  const auto known = watches_.find(watch);
  if (is_linked && known != watches_.end()) return {};
  erase(known);
  watches_[watch] = {directory, is_linked};
  if (is_linked) ++linked_;
  if (reach == Reach::link) links_.insert(directory);
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const auto type = at->symlink_status(ignored).type();
    if (type != fs::file_type::directory && type != fs::file_type::symlink) continue;
    if (ignored_(directory, at->path().filename().native())) continue;
    if (type == fs::file_type::symlink) {
      found_.push_back(at->path());
    } else if (auto below = walk(at->path(), is_linked ? Reach::below_link : Reach::real); !below) {
      return below;
    }
  }
  return {};
}

bool WatchTree::leads_up(const Path& link) const {
  std::error_code error;
  const Path target = fs::canonical(link, error);
  if (error) return false;
  return is_below(fs::weakly_canonical(link.parent_path(), error), target) ||
         std::any_of(real_roots_.begin(), real_roots_.end(),
                     [&](const auto& root) { return is_below(root, target); });
}

void WatchTree::forget(const Path& directory) {
  for (auto at = watches_.begin(); at != watches_.end();) {
    if (is_below(at->second.path, directory)) {
      ::inotify_rm_watch(queue_, at->first);
      at = erase(at);
    } else {
      ++at;
    }
  }
  for (auto at = links_.lower_bound(directory); at != links_.end() && is_below(*at, directory);) {
    at = links_.erase(at);
    is_link_forgotten_ = true;
  }
}

WatchTree::Watches::iterator WatchTree::erase(Watches::iterator at) {
  if (at == watches_.end()) return at;
  if (at->second.is_linked) --linked_;
  return watches_.erase(at);
}

const WatchTree::Path* WatchTree::find(int watch) const {
  const auto at = watches_.find(watch);
  return at == watches_.end() ? nullptr : &at->second.path;
}

bool WatchTree::holds(const Path& directory) const {
  return std::any_of(watches_.begin(), watches_.end(),
                     [&](const auto& watch) { return watch.second.path == directory; });
}

}  // namespace coldframe
