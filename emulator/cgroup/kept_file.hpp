// A small file of a control group that is read, or written, again and again: opened once, and kept.
// Finding it by its path takes ten times as long as reading it.
//
//   KeptFile stat("/sys/fs/cgroup/cpu/x/a1b2/cpu.stat");
//   const auto text = stat.text();     // "nr_periods 0\n…", as it is now; empty: cannot be read
//   KeptFile freeze("/sys/fs/cgroup/unified/x/a1b2/cgroup.freeze", O_WRONLY);
//   put(files, freeze, "1");           // cgroup_files.hpp
//
// Not for lists of version 1 (cgroup.procs, tasks): who has one open reads what it was up to a
// second ago. One descriptor each, from the first use or open() on. One thread at a time.
#pragma once

#include <fcntl.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

class KeptFile {
 public:
  explicit KeptFile(std::string path, int mode = O_RDONLY) : path_(std::move(path)), mode_(mode) {}
  const std::string& path() const { return path_; }
  bool open() const;
  void close() const { file_.reset(); }
  // errno tells why there is none.
  std::optional<std::string> text() const;
  // In one write(2); 0 or errno.
  int write(std::string_view text) const;

 private:
  std::string path_;
  int mode_;
  mutable UniqueFd file_;
};

}  // namespace coldframe
