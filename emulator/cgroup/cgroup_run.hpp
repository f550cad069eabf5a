// All control groups of one run of ours: a base group, below the group that we are in, and in it a
// group for each environment.
//
//   auto run = CgroupRun::start(detect_cgroups());
//   auto group = (*run)->create("a1b2", {.memory_bytes = 512 * 1024 * 1024});
//   …                                                  // the groups go first
//   (*run)->remove();
//
// With cgroup v2 a group that gives its controllers to others may have no processes, so start()
// moves this process into a leaf of the base, and remove() back: start it before helpers are
// forked, which would stay where they are. Nothing that others have made is touched, but for that
// switch of our own group. Errors: exit code 4; after one nothing is left. One thread at a time,
// but for create(): any thread, also at the same time as another, between start() and remove().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/cgroup/cgroup.hpp"
#include "emulator/cgroup/cgroup_backend.hpp"

namespace coldframe {

class CgroupRun {
 public:
  // `root` and `files` as for detect_cgroups(). One run a process.
  static Result<std::unique_ptr<CgroupRun>> start(const CgroupBackend& backend,
                                                  const std::string& root = "",
                                                  CgroupFiles& files = kernel_files());
  ~CgroupRun() { remove(); }
  CgroupRun(const CgroupRun&) = delete;
  CgroupRun& operator=(const CgroupRun&) = delete;

  // `id`: letters, digits, '-' and '_'; not in use. The group must not outlive this object.
  Result<std::unique_ptr<Cgroup>> create(const std::string& id, const CgroupLimits& limits);
  // True: nothing of the run is left. False: somebody is still in one of its groups; ask again.
  bool remove();

 private:
  CgroupRun(const CgroupBackend& backend, CgroupFiles& files) : backend_(backend), files_(files) {}
  Result<void> make_bases(const std::string& name);
  Result<void> move_into_leaf();
  Result<void> give_controllers();
  Result<void> set_weights();
  void move_back();
  std::string base_of(const CgroupHierarchy* hierarchy) const;

  CgroupBackend backend_;
  CgroupFiles& files_;
  std::string name_;
  std::vector<std::string> bases_;  // those that exist
  std::string given_;               // what we have switched on in our own group: "+cpu +pids"
  bool in_leaf_ = false;
};

// The group in the base that this process lives in. No id can be that.
inline constexpr const char* k_own_leaf = "coldframe.self";

// Removes what is in a base but for the leaf, or the base too. Below the leaf may be a run that was
// started by this one: that is its own business, and as long as it is there the base stays. False:
// not all is gone.
bool remove_members(CgroupFiles& files, const std::string& base);
bool remove_base(CgroupFiles& files, const std::string& base);

}  // namespace coldframe
