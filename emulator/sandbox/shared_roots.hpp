// The roots that sandboxes begin with. What is the same for all environments of a function is built
// once, in a mount namespace that nobody lives in; each sandbox enters it and takes a copy.
//
//   SharedRoots roots(in_user_namespace);                // in the sandbox server
//   auto root = roots.of(plan, facts, files, owner_map);
//   …                                                    // in the new sandbox:
//   ::setns(root->name_space, CLONE_NEWNS);              // its root is "/" now
//   ::unshare(CLONE_NEWNS);                              // and what it mounts is its own
//
// One is built anew (2 ms) when anything was mounted or unmounted on the host, when a directory
// that it shows was replaced, or has other rights or owners, and when the host has replaced a file
// that is covered in it: the kernel takes the cover away then. For a process of one thread.
#pragma once

#include <sys/types.h>

#include <list>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/generated_files.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

struct SharedRoot {
  int name_space = -1;  // ours
  dev_t device = 0;     // of its "/", by which who has entered it knows that he has
  ino_t inode = 0;
};

class SharedRoots {
 public:
  explicit SharedRoots(bool in_user_namespace);

  // Readable (POLLPRI) when the host's mounts have changed: let_go() then, so that what was
  // unmounted there is not in use here. -1: it cannot be told.
  int mount_table() const { return mount_table_.get(); }
  void let_go() { roots_.clear(); }
  // Whether /sys is mounted in them.
  bool have_sys() const { return !of_the_host_; }

  // `files` are what `facts` lead to; `owner_map`: see OwnerMaps. Errors:
  // of the host, with the step.
  Result<SharedRoot> of(const SandboxPlan& plan, const GeneratedFacts& facts,
                        const std::vector<GeneratedFile>& files, int owner_map);

 private:
  // What is shown under a name; all zero: nothing.
  struct Shown {
    dev_t device = 0;
    ino_t inode = 0;
    mode_t mode = 0;
    uid_t owner = 0;
    gid_t group = 0;
    bool operator==(const Shown&) const = default;
  };
  struct Root {
    std::vector<SandboxMount> mounts;
    std::vector<SandboxLink> links;
    std::string task_root;
    std::vector<std::string> image;
    GeneratedFacts facts;
    int owner_map = -1;
    std::vector<Shown> shown;
    UniqueFd name_space;
    UniqueFd mount_table;  // of that
    dev_t device = 0;
    ino_t inode = 0;
    SharedRoot get() const { return {name_space.get(), device, inode}; }
    bool is_of(const SandboxPlan& plan, const GeneratedFacts& wanted, int map) const;
  };

  static Shown look_at(const std::string& path);
  static std::vector<Shown> look_at_all(const SandboxPlan& plan);
  Result<void> build(const SandboxPlan& plan, const std::vector<GeneratedFile>& files,
                     Root& root) const;

  bool in_user_namespace_;
  bool of_the_host_;
  UniqueFd mount_table_;
  std::list<Root> roots_;  // the latest first
};

}  // namespace coldframe
