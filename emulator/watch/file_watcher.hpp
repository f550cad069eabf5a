// Tells when files below some directories change, once a burst of changes is over:
//
//   auto watcher = FileWatcher::start(
//       io, {"/srv/f"}, {.changed = [](const std::string& path) { restart(); },
//                        .trouble = [](const Error& error) { warn(error.message); }});
//   if (!watcher) return fail(watcher.error());      // 2: no directory; 4: no inotify watches left
//   if ((*watcher)->settling()) …                    // something has changed by now
//
// New subdirectories are watched too, and what symbolic links to directories lead to, as far as
// that does not hold the function itself; a directory that goes away is watched again when it is
// back. Of a link to a file only the link is watched. What tools leave behind (__pycache__, .git,
// *.swp, …) does not count, nor does what came and went within one burst. Owned by the caller, on
// whose loop the callbacks are called; destruction ends it, also from inside them. I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"

namespace coldframe {

// Whether a file or directory of this name is the business of a tool, and not of the function.
bool is_by_product(std::string_view name);

struct WatchTimes {
  Duration quiet = std::chrono::milliseconds(100);     // so long without a change, and it is told
  Duration longest = std::chrono::milliseconds(2000);  // told at last, though changes go on
  Duration retry = std::chrono::milliseconds(200);  // looks so often for a directory that is gone
};

struct WatchCallbacks {
  // A burst is over. `path` is the first that it has changed, rather one that is there than one
  // that is gone.
  std::function<void(const std::string& path)> changed;
  // A burst is over, whether or not anything is other than before; after `changed`.
  std::function<void()> settled = [] {};
  // A directory that came later, or that a link leads to, cannot be watched; the others still are.
  std::function<void(const Error&)> trouble;
};

struct WatchRules {
  std::vector<std::filesystem::path> ignored;  // files, and directories with all that is in them
  // Whether a file that has changed is nobody's edit after all, to judge by what is in it.
  std::function<bool(const std::string& path)> is_no_edit = [](const std::string&) {
    return false;
  };
  std::size_t most_linked = 8192;  // directories that are watched because links lead to them
  WatchTimes times;
};

class FileWatcher {
 public:
  static Result<std::unique_ptr<FileWatcher>> start(boost::asio::io_context& io,
                                                    std::vector<std::filesystem::path> roots,
                                                    WatchCallbacks callbacks,
                                                    WatchRules rules = {});
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  // Whether a burst has begun and is not over: `settled` will be called, WatchTimes::longest after
  // its beginning at the latest. Knows of everything that was done to the files before the call.
  bool settling();

 private:
  class Impl;
  explicit FileWatcher(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the handlers that are on their way
};

}  // namespace coldframe
