// The kernel's files of a cgroup, as small texts.
//
//   files.make_directory("/sys/fs/cgroup/pids/x");
//   if (auto done = put(files, "/sys/fs/cgroup/pids/x/pids.max", "1024"); !done) …
//
// What changes something goes through CgroupFiles, so that tests can stand in for the kernel: they
// see what is written in which order, and refuse. Reading goes to the files themselves. No call
// blocks for long; any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/cgroup/kept_file.hpp"

namespace coldframe {

// Each returns 0 or errno.
class CgroupFiles {
 public:
  virtual ~CgroupFiles() = default;
  virtual int make_directory(const std::string& path);
  virtual int remove_directory(const std::string& path);
  // In one write(2), as the kernel wants it; never makes a file.
  virtual int write(const std::string& path, std::string_view text);
  virtual int write(const KeptFile& file, std::string_view text) { return file.write(text); }
  // Whether we may make entries in the directory: 0, EACCES, EROFS, …
  virtual int may_change(const std::string& directory);
};

// The real ones.
CgroupFiles& kernel_files();

// "cannot write 0 to /…/memory.swap.max: Permission denied", exit code 4.
Result<void> put(CgroupFiles& files, const std::string& path, std::string_view text);
Result<void> put(CgroupFiles& files, const KeptFile& file, std::string_view text);

// Nothing if it cannot be read.
std::optional<std::string> read_text(const std::string& path);
std::optional<std::int64_t> read_number(const std::string& path);
// "anon 4096\nfile 0\n": the number behind a key at the beginning of a line.
std::optional<std::int64_t> number_of(std::string_view text, std::string_view key);
// The same from a file; an error names the file, and the key if that is missing.
Result<std::string> need_text(const std::string& path);
Result<std::int64_t> need_number(const std::string& path, std::string_view key = {});
Result<std::string> need_text(const KeptFile& file);
Result<std::int64_t> need_number(const KeptFile& file, std::string_view key = {});

// What a list of processes has; 0, who is of another PID namespace, is left out.
std::vector<pid_t> processes_of(std::string_view list);
// The processes in the group and in groups below it that we can name: those of another PID
// namespace, which read as 0, are left out.
std::vector<pid_t> processes_in(const std::string& directory);
// The names of the groups below it.
std::vector<std::string> groups_in(const std::string& directory);
// Whether there may be any, of a directory that is open.
bool has_groups_in(int directory);
// Removes the group and those below it. False: somebody is still in one of them, or it cannot be.
bool remove_groups(CgroupFiles& files, const std::string& directory);

}  // namespace coldframe
