#include "emulator/watch/file_watcher.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "emulator/base/unique_fd.hpp"
#include "emulator/watch/burst.hpp"

namespace coldframe {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t k_events = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                   IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                   IN_ONLYDIR;

bool is_below(const fs::path& path, const fs::path& directory) {
  const auto [end, ignored] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

// By whichever links its directory is reached.
fs::path real_path(const fs::path& path) {
  std::error_code ignored;
  const fs::path directory = fs::weakly_canonical(fs::absolute(path).parent_path(), ignored);
  return directory / path.filename();
}

}  // namespace

class FileWatcher::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, std::vector<fs::path> roots, WatchCallbacks callbacks,
       WatchRules rules)
      : roots_(std::move(roots)),
        callbacks_(std::move(callbacks)),
        rules_(std::move(rules)),
        queue_(io),
        settle_(io),
        retry_(io) {}

  Result<void> start() {
    UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd) return host_error(std::string("cannot watch files: ") + std::strerror(errno));
    queue_.assign(fd.release());
    for (auto& path : rules_.ignored)
      path = real_path(path);
    for (const auto& root : roots_) {
      if (auto watched = watch_tree(root); !watched) return watched;
      if (!is_watched(root)) {
        return usage_error("cannot watch '" + root.string() + "': it is no directory");
      }
    }
    await_events();
    return {};
  }

  bool settling() {
    read_events();
    if (is_root_lost_) look_for_lost_roots();
    return burst_.has_value();
  }

  void stop() {
    stopped_ = true;
    boost::system::error_code ignored;
    queue_.close(ignored);
    settle_.cancel();
    retry_.cancel();
  }

 private:
  bool is_watched(const fs::path& directory) const {
    return std::any_of(watches_.begin(), watches_.end(),
                       [&](const auto& watch) { return watch.second == directory; });
  }

  bool is_ignored(const fs::path& directory, const std::string& name) const {
    if (is_by_product(name)) return true;
    return std::any_of(rules_.ignored.begin(), rules_.ignored.end(), [&](const auto& ignored) {
      return ignored.filename() == name && ignored == real_path(directory / name);
    });
  }

  // Adds a directory and all below it. One that is gone again, or may not be read, is passed over.
  Result<void> watch_tree(const fs::path& directory) {
    const int watch = ::inotify_add_watch(queue_.native_handle(), directory.c_str(), k_events);
    if (watch < 0 && errno == ENOSPC) {
      return host_error("cannot watch '" + directory.string() +
                        "': the host allows no more watches; raise fs.inotify.max_user_watches");
    }
    if (watch < 0) return {};
    watches_[watch] = directory;
    std::error_code error;
    for (fs::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
      std::error_code ignored;
      if (at->symlink_status(ignored).type() != fs::file_type::directory) continue;
      if (is_ignored(directory, at->path().filename().native())) continue;
      if (auto below = watch_tree(at->path()); !below) return below;
    }
    return {};
  }

  void forget_tree(const fs::path& directory) {
    for (auto at = watches_.begin(); at != watches_.end();) {
      if (is_below(at->second, directory)) {
        ::inotify_rm_watch(queue_.native_handle(), at->first);
        at = watches_.erase(at);
      } else {
        ++at;
      }
    }
  }

  void await_events() {
    queue_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (error || self->stopped_) return;
                        self->read_events();
                        if (!self->stopped_) self->await_events();
                      });
  }

  void read_events() {
    alignas(inotify_event) char buffer[16 * 1024];
    ssize_t got = 0;
    while ((got = ::read(queue_.native_handle(), buffer, sizeof buffer)) > 0) {
      for (char* at = buffer; at < buffer + got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        on_event(*event, event->len > 0 ? event->name : "");
        at += sizeof(inotify_event) + event->len;
      }
    }
  }

  void on_event(const inotify_event& event, const std::string& name) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) return start_over();
    const auto watch = watches_.find(event.wd);
    if (watch == watches_.end()) return;
    const fs::path directory = watch->second;
    if ((event.mask & IN_IGNORED) != 0) {
      watches_.erase(watch);
      return;
    }
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
      if (std::find(roots_.begin(), roots_.end(), directory) != roots_.end()) lose(directory);
      return;
    }
    if (name.empty() || is_ignored(directory, name)) return;
    const fs::path path = directory / name;
    const bool is_gone = (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    if ((event.mask & IN_ISDIR) != 0) {
      if ((event.mask & IN_ATTRIB) != 0) return;
      forget_tree(path);
      // Files that are in it by now have sent no event; the directory's own stands for them.
      if (!is_gone) watch_later_tree(path);
    }
    touch(path, is_gone                         ? FileEvent::went
                : (event.mask & IN_CREATE) != 0 ? FileEvent::appeared
                                                : FileEvent::changed);
  }

  void watch_later_tree(const fs::path& directory) {
    if (auto watched = watch_tree(directory); !watched) callbacks_.trouble(watched.error());
  }

  // Events were dropped: nothing is known but that something has changed.
  void start_over() {
    for (const auto& root : roots_) {
      forget_tree(root);
      watch_later_tree(root);
      touch(root, FileEvent::changed);
    }
  }

  void lose(const fs::path& root) {
    forget_tree(root);
    touch(root, FileEvent::went);
    look_for_lost_roots();
  }

  void look_for_lost_roots() {
    is_root_lost_ = false;
    for (const auto& root : roots_) {
      if (is_watched(root)) continue;
      watch_later_tree(root);
      if (is_watched(root)) {
        touch(root, FileEvent::changed);
      } else {
        is_root_lost_ = true;
      }
    }
    if (!is_root_lost_) return;
    retry_.expires_after(rules_.times.retry);
    retry_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->stopped_) self->look_for_lost_roots();
    });
  }

  void touch(const fs::path& path, FileEvent event) {
    const auto now = std::chrono::steady_clock::now();
    if (!burst_) {
      burst_.emplace();
      burst_began_ = now;
    }
    if (event == FileEvent::went) {
      burst_->add_gone_tree(path.string());
    } else {
      burst_->add(path.string(), event);
    }
    settle_.expires_at(std::min(now + rules_.times.quiet, burst_began_ + rules_.times.longest));
    settle_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->stopped_ || !self->burst_) return;
      const std::string edited = self->first_edit();
      self->burst_.reset();
      if (!edited.empty()) self->callbacks_.changed(edited);
      if (!self->stopped_) self->callbacks_.settled();
    });
  }

  // Empty: nothing that was done makes a difference.
  std::string first_edit() {
    for (const auto& path : burst_->changes()) {
      std::error_code ignored;
      if (!fs::exists(path, ignored)) {
        if (no_edits_.erase(path) == 0) return path;
      } else if (rules_.is_no_edit(path)) {
        no_edits_.insert(path);
      } else {
        return path;
      }
    }
    return "";
  }

  std::vector<fs::path> roots_;
  WatchCallbacks callbacks_;
  WatchRules rules_;
  boost::asio::posix::stream_descriptor queue_;
  boost::asio::steady_timer settle_;
  boost::asio::steady_timer retry_;
  std::map<int, fs::path> watches_;
  std::optional<Burst> burst_;  // the one that is not over
  std::chrono::steady_clock::time_point burst_began_;
  std::set<std::string> no_edits_;  // files that were nobody's edit; their end is none either
  bool is_root_lost_ = false;
  bool stopped_ = false;
};

FileWatcher::FileWatcher(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileWatcher::~FileWatcher() { impl_->stop(); }

bool FileWatcher::settling() { return impl_->settling(); }

Result<std::unique_ptr<FileWatcher>> FileWatcher::start(boost::asio::io_context& io,
                                                        std::vector<fs::path> roots,
                                                        WatchCallbacks callbacks,
                                                        WatchRules rules) {
  auto impl = std::make_shared<Impl>(io, std::move(roots), std::move(callbacks), std::move(rules));
  if (auto started = impl->start(); !started) {
    impl->stop();
    return started.error();
  }
  return std::unique_ptr<FileWatcher>(new FileWatcher(std::move(impl)));
}

}  // namespace coldframe
