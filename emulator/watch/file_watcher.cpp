#include "emulator/watch/file_watcher.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include "emulator/base/unique_fd.hpp"
#include "emulator/watch/burst.hpp"
#include "emulator/watch/watch_tree.hpp"

namespace coldframe {

namespace fs = std::filesystem;

namespace {

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
    tree_.emplace(
        queue_.native_handle(), roots_, rules_.most_linked,
        [this](const auto& directory, const auto& name) { return is_ignored(directory, name); });
    for (auto& path : rules_.ignored)
      path = real_path(path);
    for (const auto& root : roots_) {
      if (auto watched = tree_->add(root); !watched) return watched;
      if (!tree_->holds(root)) {
        return usage_error("cannot watch '" + root.string() + "': it is no directory");
      }
    }
    tell_trouble(tree_->follow_links());
    await_events();
    return {};
  }

  bool settling() {
    read_events();
    if (is_any_lost_) look_for_lost();
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
  bool is_ignored(const fs::path& directory, const std::string& name) const {
    if (is_by_product(name)) return true;
    return std::any_of(rules_.ignored.begin(), rules_.ignored.end(), [&](const auto& ignored) {
      return ignored.filename() == name && ignored == real_path(directory / name);
    });
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
    const fs::path* watched = tree_->find(event.wd);
    if (watched == nullptr) return;
    const fs::path directory = *watched;
    if ((event.mask & IN_IGNORED) != 0) return tree_->drop(event.wd);
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
      if (tree_->is_link(directory)) {
        lost_links_.insert(directory);
        lose(directory);
      } else if (std::find(roots_.begin(), roots_.end(), directory) != roots_.end()) {
        lose(directory);
      }
      return;
    }
    if (name.empty() || is_ignored(directory, name)) return;
    const fs::path path = directory / name;
    const bool is_gone = (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    if ((event.mask & IN_ISDIR) != 0) {
      if ((event.mask & IN_ATTRIB) != 0) return;
      tree_->forget(path);
      std::erase_if(lost_links_, [&](const fs::path& link) { return is_below(link, path); });
      // Files that are in it by now have sent no event; the directory's own stands for them.
      if (!is_gone) watch_later(path);
    } else {
      on_possible_link(path, is_gone);
    }
    touch(path, is_gone                         ? FileEvent::went
                : (event.mask & IN_CREATE) != 0 ? FileEvent::appeared
                                                : FileEvent::changed);
  }

  // A link to a directory that is new, leads elsewhere, or is gone.
  void on_possible_link(const fs::path& path, bool is_gone) {
    std::error_code ignored;
    lost_links_.erase(path);
    if (tree_->is_link(path)) tree_->forget(path);
    if (!is_gone && fs::is_symlink(path, ignored)) tell_trouble(tree_->follow_link(path));
  }

  void watch_later(const fs::path& directory) {
    tell_trouble(tree_->add(directory));
    tell_trouble(tree_->follow_links());
  }

  void tell_trouble(const Result<void>& watched) {
    if (!watched) callbacks_.trouble(watched.error());
  }

  // Events were dropped: nothing is known but that something has changed.
  void start_over() {
    for (const auto& root : roots_) {
      tree_->forget(root);
      watch_later(root);
      touch(root, FileEvent::changed);
    }
  }

  void lose(const fs::path& directory) {
    tree_->forget(directory);
    touch(directory, FileEvent::went);
    look_for_lost();
  }

  // Nothing tells of the return of a root, or of what a link leads to.
  void look_for_lost() {
    is_any_lost_ = false;
    for (const auto& root : roots_) {
      if (tree_->holds(root)) continue;
      watch_later(root);
      if (tree_->holds(root)) {
        touch(root, FileEvent::changed);
      } else {
        is_any_lost_ = true;
      }
    }
    for (auto at = lost_links_.begin(); at != lost_links_.end();) {
      std::error_code ignored;
      if (!fs::is_directory(*at, ignored)) {
        is_any_lost_ = true;
        ++at;
        continue;
      }
      tell_trouble(tree_->follow_link(*at));
      touch(*at, FileEvent::changed);
      at = lost_links_.erase(at);
    }
    if (!is_any_lost_) return;
    retry_.expires_after(rules_.times.retry);
    retry_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->stopped_) self->look_for_lost();
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
      // On a busy host it may come in one turn with changes that have put it off.
      if (std::chrono::steady_clock::now() < self->settle_.expiry()) return;
      if (self->tree_->take_forgotten_link()) self->look_again();
      const std::string edited = self->first_edit();
      self->burst_.reset();
      if (!edited.empty()) self->callbacks_.changed(edited);
      if (!self->stopped_) self->callbacks_.settled();
    });
  }

  // What a link led to may be reached by another one, which was passed over for it.
  void look_again() {
    for (const auto& root : roots_)
      watch_later(root);
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
  std::optional<WatchTree> tree_;  // once there is a queue
  std::set<fs::path> lost_links_;  // followed before, but what they lead to is away
  std::optional<Burst> burst_;     // the one that is not over
  std::chrono::steady_clock::time_point burst_began_;
  std::set<std::string> no_edits_;  // files that were nobody's edit; their end is none either
  bool is_any_lost_ = false;
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
