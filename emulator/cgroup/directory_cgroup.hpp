// What a group in one directory (v2) and one in several (v1, hybrid) have in common: to be made,
// joined, frozen, killed and removed. CgroupV1 and CgroupV2 add limits and measures.
//
// Never uses the v1 freezer: what it has frozen survives our own death, because SIGKILL stays
// pending until somebody thaws it. Processes frozen by v2 die.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"
#include "emulator/cgroup/cgroup.hpp"
#include "emulator/cgroup/cgroup_files.hpp"

namespace coldframe {

class DirectoryCgroup : public Cgroup {
 public:
  ~DirectoryCgroup() override;
  DirectoryCgroup(const DirectoryCgroup&) = delete;
  DirectoryCgroup& operator=(const DirectoryCgroup&) = delete;

  std::vector<int> join_descriptors() const override;
  bool can_freeze() const override { return can_freeze_; }
  Result<void> freeze() override { return write_freeze("1"); }
  Result<void> thaw() override { return write_freeze("0"); }
  bool is_frozen() const override;
  void kill() override;
  bool is_empty() const override;
  std::vector<pid_t> processes() const override;
  bool remove() override;
  void open_files() const override;
  const std::vector<std::string>& notes() const override { return notes_; }

 protected:
  // `v1`: may be none; `v2`: empty for none. Either makes directories, or make() removes them
  // again.
  DirectoryCgroup(CgroupFiles& files, std::vector<std::string> v1, std::string v2);
  Result<void> make();
  void note(std::string sentence) { notes_.push_back(std::move(sentence)); }

  CgroupFiles& files_;

 private:
  virtual void allow_forks(bool allow) = 0;
  Result<void> write_freeze(std::string_view text);
  std::vector<pid_t> processes_at(const std::string& directory) const;

  std::vector<std::string> v1_;
  std::string v2_;
  std::vector<std::string> made_;  // those of both that exist
  std::vector<UniqueFd> join_;     // of those of both, v2 first
  KeptFile v2_processes_, v2_freeze_;
  bool can_freeze_ = false;
  std::vector<std::string> notes_;
};

// SIGKILL to everyone in the group and below it, again until a look finds nobody new; nobody else
// is hit, also when a process number is given out again meanwhile. Those that were signalled.
std::set<pid_t> kill_members(const std::string& directory);

}  // namespace coldframe
