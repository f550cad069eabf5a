// Tells when files below some directories change, once a burst of changes is over:
//
//   auto watcher = FileWatcher::start(
//       io, {"/srv/f"}, [](const std::string& path) { restart(); },
//       [](const Error& error) { warn(error.message); });
//   if (!watcher) return fail(watcher.error());      // 2: no directory; 4: no inotify watches left
//
// New subdirectories are watched too; a directory that goes away is watched again when it is back.
// What tools leave behind (__pycache__, .git, *.swp, …) does not count. Owned by the caller, on
// whose loop `changed` is called with the first path of the burst; destruction ends it, also from
// inside `changed`. I/O thread only.
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

class FileWatcher {
 public:
  using Changed = std::function<void(const std::string& path)>;
  // A directory that came later cannot be watched; the others still are.
  using Trouble = std::function<void(const Error&)>;
  static Result<std::unique_ptr<FileWatcher>> start(boost::asio::io_context& io,
                                                    std::vector<std::filesystem::path> roots,
                                                    Changed changed, Trouble trouble,
                                                    WatchTimes times = {});
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

 private:
  class Impl;
  explicit FileWatcher(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the handlers that are on their way
};

}  // namespace coldframe
