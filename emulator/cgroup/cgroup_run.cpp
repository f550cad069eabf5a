#include "emulator/cgroup/cgroup_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "emulator/cgroup/cgroup_v1.hpp"
#include "emulator/cgroup/cgroup_v2.hpp"
#include "emulator/cgroup/run_name.hpp"

namespace coldframe {
namespace {

constexpr const char* k_controllers = "+cpu +memory +pids";

bool is_id(const std::string& id) {
  return !id.empty() && id.size() <= 200 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// Those of the three that a group does not give to its children yet: "+cpu +pids".
std::string not_given(const std::string& group) {
  const auto given = split_words(read_text(group + "/cgroup.subtree_control").value_or(""));
  std::string out;
  for (const char* name : {"cpu", "memory", "pids"}) {
    if (std::find(given.begin(), given.end(), name) != given.end()) continue;
    out += (out.empty() ? "+" : " +") + std::string(name);
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<CgroupRun>> CgroupRun::start(const CgroupBackend& backend,
                                                    const std::string& root, CgroupFiles& files) {
  if (backend.kind == CgroupKind::none) return unsupported("no control groups; " + backend.summary);
  const std::string name = own_run_name(root);
  if (name.empty()) return host_error("cannot read our own /proc/self/stat");
  std::unique_ptr<CgroupRun> run(new CgroupRun(backend, files));
  if (auto done = run->make_bases(name); !done) return done.error();
  if (auto done = run->move_into_leaf(); !done) return done.error();
  if (backend.kind == CgroupKind::v2) {
    if (auto done = run->give_controllers(); !done) return done.error();
  }
  if (auto done = run->set_weights(); !done) return done.error();
  return run;
}

std::string CgroupRun::base_of(const CgroupHierarchy* hierarchy) const {
  return hierarchy == nullptr ? std::string() : hierarchy->own_group + "/" + name_;
}

Result<void> CgroupRun::make_bases(const std::string& name) {
  name_ = name;
  for (const auto& hierarchy : backend_.hierarchies) {
    const std::string base = base_of(&hierarchy);
    if (const int error_number = files_.make_directory(base); error_number != 0) {
      return host_error("cannot make the control group " + base + ": " +
                        (error_number == EEXIST ? std::string("this process has one already")
                                                : std::string(std::strerror(error_number))));
    }
    bases_.push_back(base);
  }
  return {};
}

// In the hierarchy that shares out the CPU.
Result<void> CgroupRun::move_into_leaf() {
  const std::string leaf = base_of(backend_.of("cpu")) + "/" + k_own_leaf;
  if (const int error_number = files_.make_directory(leaf); error_number != 0) {
    return host_error("cannot make the control group " + leaf + ": " + std::strerror(error_number));
  }
  auto done = put(files_, leaf + "/cgroup.procs", std::to_string(::getpid()));
  in_leaf_ = bool(done);
  return done;
}

Result<void> CgroupRun::give_controllers() {
  const std::string own = backend_.v2()->own_group;
  const std::string missing = not_given(own);
  if (!missing.empty()) {
    const int error_number = files_.write(own + "/cgroup.subtree_control", missing);
    if (error_number != 0) {
      return host_error("the group " + own + " cannot give " + missing +
                        " to groups below it: " + std::strerror(error_number) +
                        (error_number == EBUSY ? " (it holds other processes; systemd-run --scope "
                                                 "-p Delegate=yes makes one without)"
                                               : ""));
    }
    given_ = missing;
  }
  return put(files_, base_of(backend_.v2()) + "/cgroup.subtree_control", k_controllers);
}

Result<void> CgroupRun::set_weights() {
  const bool v2 = backend_.kind == CgroupKind::v2;
  const std::string file = v2 ? "/cpu.weight" : "/cpu.shares";
  const std::string base = base_of(backend_.of("cpu"));
  if (auto done = put(files_, base + file, v2 ? "1000" : "10240"); !done) return done;
  return put(files_, base + "/" + k_own_leaf + file, v2 ? k_most_cpu_weight : k_most_cpu_shares);
}

// Each step makes the next one possible: a group that gives controllers takes no processes.
void CgroupRun::move_back() {
  const auto withdraw = [this](const std::string& group, std::string controllers) {
    std::replace(controllers.begin(), controllers.end(), '+', '-');
    return files_.write(group + "/cgroup.subtree_control", controllers) == 0;
  };
  const std::string own = backend_.of("cpu")->own_group;
  if (backend_.kind == CgroupKind::v2) {
    withdraw(own + "/" + name_, k_controllers);
    if (!given_.empty() && withdraw(own, given_)) given_.clear();
  }
  if (files_.write(own + "/cgroup.procs", std::to_string(::getpid())) == 0) in_leaf_ = false;
}

Result<std::unique_ptr<Cgroup>> CgroupRun::create(const std::string& id,
                                                  const CgroupLimits& limits) {
  if (!is_id(id)) return host_error("'" + id + "' cannot be the name of a control group");
  if (backend_.kind == CgroupKind::v2) {
    return make_cgroup_v2(files_, base_of(backend_.v2()) + "/" + id, limits);
  }
  const auto below = [&](const CgroupHierarchy* hierarchy) {
    return base_of(hierarchy) + "/" + id;
  };
  V1Directories directories{below(backend_.of("cpu")),
                            below(backend_.of("cpuacct")),
                            below(backend_.of("memory")),
                            below(backend_.of("pids")),
                            {}};
  if (backend_.v2() != nullptr) directories.unified = below(backend_.v2());
  return make_cgroup_v1(files_, directories, limits);
}

bool CgroupRun::remove() {
  // Those of environments first: a group with groups below it keeps its controllers.
  bool all_gone = true;
  for (const auto& base : bases_) {
    if (!remove_members(files_, base)) all_gone = false;
  }
  if (!all_gone) return false;
  if (in_leaf_) move_back();
  std::erase_if(bases_, [this](const std::string& base) { return remove_base(files_, base); });
  return bases_.empty();
}

bool remove_members(CgroupFiles& files, const std::string& base) {
  bool all_gone = true;
  for (const auto& name : groups_in(base)) {
    if (name != k_own_leaf && !remove_groups(files, base + "/" + name)) all_gone = false;
  }
  return all_gone;
}

bool remove_base(CgroupFiles& files, const std::string& base) {
  if (!remove_members(files, base)) return false;
  files.remove_directory(base + "/" + k_own_leaf);
  const int error_number = files.remove_directory(base);
  return error_number == 0 || error_number == ENOENT;
}

}  // namespace coldframe
