// A kernel of cgroups made of plain files, for tests: below a directory of its own, with the rules
// that our code has to keep, a record of all that was done, and refusals as ordered.
//
//   FakeKernel kernel;
//   kernel.mount_v2({"cpu", "memory", "pids"}, "/scope");
//   kernel.refuse("memory.max", EINVAL);
//   detect_cgroups(kernel.root(), kernel) …
//   EXPECT_EQ(kernel.done(), (std::vector<std::string>{"mkdir /sys/fs/cgroup/scope/x", …}));
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "emulator/cgroup/cgroup_files.hpp"
#include "emulator/cgroup/cgroup_mounts.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {

class FakeKernel final : public CgroupFiles {
 public:
  FakeKernel() {
    set("/proc/" + own_pid() + "/stat",
        own_pid() + " (a) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0\n");
    std::filesystem::create_directories(root() + "/proc/self/ns");
    std::filesystem::create_symlink("pid:[4026531836]", root() + "/proc/self/ns/pid");
  }

  static std::string own_pid() { return std::to_string(::getpid()); }
  // What own_run_name() is here.
  static std::string run_name() { return "coldframe-" + own_pid() + "-777-4026531836"; }

  std::string root() const { return directory_.path(); }

  // The v2 mount at `point`, and we in its group `own`, which can give these controllers.
  void mount_v2(const std::vector<std::string>& controllers, const std::string& own = "/",
                const std::string& point = "/sys/fs/cgroup", const std::string& options = "rw") {
    add_mount("/", point, options, "cgroup2", "rw");
    add_own("0::" + own);
    v2_point_ = point;
    std::string list;
    for (const auto& name : controllers)
      list += (list.empty() ? "" : " ") + name;
    const std::string group = own == "/" ? point : point + own;
    set(group + "/cgroup.controllers", list + "\n");
    set(group + "/cgroup.subtree_control", "\n");
    set(group + "/cgroup.procs", own_pid() + "\n");
    if (own != "/") set(group + "/cgroup.type", "domain\n");
  }
  // A v1 mount: "cpu,cpuacct".
  void mount_v1(const std::string& controllers, const std::string& own = "/",
                const std::string& options = "rw") {
    const std::string point = "/sys/fs/cgroup/" + controllers;
    add_mount("/", point, options, "cgroup", "rw," + controllers);
    add_own(std::to_string(++v1_mounts_) + ":" + controllers + ":" + own);
    set((own == "/" ? point : point + own) + "/cgroup.procs", own_pid() + "\n");
  }
  void mount_all_v1() {
    for (const char* name : {"cpu", "cpuacct", "memory", "pids"})
      mount_v1(name);
  }
  void add_mount(const std::string& shown, const std::string& point, const std::string& options,
                 const std::string& type, const std::string& super_options) {
    const std::string id = std::to_string(30 + ++mounts_);
    mountinfo_ += id + " 23 0:28 " + shown + " " + point + " " + options + " shared:9 - " + type +
                  " " + type + " " + super_options + "\n";
    set("/proc/self/mountinfo", mountinfo_);
    std::filesystem::create_directories(root() + point);
  }
  void add_own(const std::string& line) {
    own_ += line + "\n";
    set("/proc/self/cgroup", own_);
  }

  // Of files and directories whose path ends so, from now on; 0: no longer.
  void refuse(const std::string& ending, int error_number) { refused_[ending] = error_number; }
  // A kernel without that file, in groups made from now on.
  void lacks(const std::string& file) { lacking_.push_back(file); }

  void set(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root() + path).parent_path());
    store(root() + path, text);
  }
  std::string get(const std::string& path) const { return read_text(root() + path).value_or("?"); }
  bool exists(const std::string& path) const { return std::filesystem::exists(root() + path); }

  // "mkdir P", "rmdir P", "P = text", without the root, in order; forgotten by the call.
  std::vector<std::string> done() { return std::exchange(done_, {}); }

  int make_directory(const std::string& path) override {
    if (const int refusal = refusal_of(path)) return refusal;
    std::error_code error;
    if (!std::filesystem::create_directory(path, error)) return error ? error.value() : EEXIST;
    done_.push_back("mkdir " + inside(path));
    for (const auto& [name, text] : files_of(path)) {
      if (std::find(lacking_.begin(), lacking_.end(), name) == lacking_.end()) {
        std::ofstream(path + "/" + name) << text;
      }
    }
    return 0;
  }
  int remove_directory(const std::string& path) override {
    if (const int refusal = refusal_of(path)) return refusal;
    if (!std::filesystem::is_directory(path)) return ENOENT;
    if (!groups_in(path).empty() || !read_text(path + "/cgroup.procs").value_or("").empty()) {
      return EBUSY;
    }
    std::filesystem::remove_all(path);
    done_.push_back("rmdir " + inside(path));
    return 0;
  }
  int write(const std::string& path, std::string_view text) override {
    if (const int refusal = refusal_of(path)) return refusal;
    if (!std::filesystem::exists(path)) return ENOENT;
    const std::string group = path.substr(0, path.rfind('/'));
    const bool has_processes = !read_text(group + "/cgroup.procs").value_or("").empty();
    std::string now(text);
    if (path.ends_with("/cgroup.subtree_control")) {
      const bool is_root = !std::filesystem::exists(group + "/cgroup.type");
      if (has_processes && !is_root && text.starts_with('+')) return EBUSY;
      if (const int refusal = switch_controllers(group, now)) return refusal;
      now = switched(read_text(path).value_or(""), now);
    }
    if (path.ends_with("/cgroup.procs")) {
      const auto given = read_text(group + "/cgroup.subtree_control").value_or("");
      if (!split_words(given).empty() && std::filesystem::exists(group + "/cgroup.type")) {
        return EBUSY;
      }
      leave(group, now);
      now = read_text(path).value_or("") + now;
    }
    if (path.ends_with("/cgroup.kill")) store(group + "/cgroup.procs", "");
    done_.push_back(inside(path) + " = " + std::string(text));
    store(path, now + (path.ends_with("/cgroup.event_control") ? "" : "\n"));
    return 0;
  }
  int write(const KeptFile& file, std::string_view text) override {
    return write(file.path(), text);
  }
  int may_change(const std::string& directory) override {
    if (const int refusal = refusal_of(directory)) return refusal;
    return CgroupFiles::may_change(directory);
  }

 private:
  using Texts = std::vector<std::pair<std::string, std::string>>;

  // Who has it open reads it, as of the kernel. First written, then cut off: a disk is slow with
  // the other order.
  static void store(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path,
                  std::filesystem::exists(path) ? std::ios::in | std::ios::out : std::ios::out)
        << text;
    std::filesystem::resize_file(path, text.size());
  }
  std::string inside(const std::string& path) const { return path.substr(root().size()); }
  int refusal_of(const std::string& path) const {
    for (const auto& [ending, error_number] : refused_) {
      if (path.ends_with(ending)) return error_number;
    }
    return 0;
  }
  static std::string switched(const std::string& before, const std::string& change) {
    auto on = split_words(before);
    for (const auto& word : split_words(change)) {
      std::erase(on, word.substr(1));
      if (word[0] == '+') on.push_back(word.substr(1));
    }
    std::string out;
    for (const auto& name : on)
      out += (out.empty() ? "" : " ") + name;
    return out;
  }
  // In the groups below the files of a controller come and go.
  static int switch_controllers(const std::string& group, const std::string& change) {
    const auto own = split_words(read_text(group + "/cgroup.controllers").value_or(""));
    for (const auto& word : split_words(change)) {
      const std::string name = word.substr(1);
      if (word[0] == '+' && std::find(own.begin(), own.end(), name) == own.end()) return ENOENT;
      for (const auto& below : groups_in(group)) {
        const std::string child = group + "/" + below;
        const auto in_use = split_words(read_text(child + "/cgroup.subtree_control").value_or(""));
        if (word[0] == '-' && std::find(in_use.begin(), in_use.end(), name) != in_use.end()) {
          return EBUSY;
        }
        const auto list = read_text(child + "/cgroup.controllers").value_or("");
        store(child + "/cgroup.controllers", switched(list, word) + "\n");
        for (const auto& [file, file_text] : v2_files(name)) {
          if (word[0] == '-') {
            std::filesystem::remove(child + "/" + file);
          } else if (!std::filesystem::exists(child + "/" + file)) {
            std::ofstream(child + "/" + file) << file_text;
          }
        }
      }
    }
    return 0;
  }
  // A process is in one group of a hierarchy.
  void leave(const std::string& group, const std::string& pid) const {
    const std::string place = inside(group);
    const bool v2 = !v2_point_.empty() && (place + "/").starts_with(v2_point_ + "/");
    const std::string top = v2 ? v2_point_ : place.substr(0, place.find('/', 15));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root() + top)) {
      if (entry.path().filename() != "cgroup.procs") continue;
      std::string rest;
      for (const auto& word : split_words(read_text(entry.path()).value_or(""))) {
        if (word != pid) rest += word + "\n";
      }
      store(entry.path(), rest);
    }
  }
  Texts files_of(const std::string& path) const {
    const std::string place = inside(path);
    if (!v2_point_.empty() && place.starts_with(v2_point_ + "/")) {
      Texts files{{"cgroup.procs", ""},     {"cgroup.type", "domain\n"},
                  {"cgroup.kill", ""},      {"cgroup.subtree_control", "\n"},
                  {"cgroup.freeze", "0\n"}, {"cgroup.events", "populated 0\nfrozen 0\n"}};
      const std::string parent = path.substr(0, path.rfind('/'));
      const auto given = split_words(read_text(parent + "/cgroup.subtree_control").value_or(""));
      std::string list;
      for (const auto& name : given) {
        list += name + " ";
        for (const auto& file : v2_files(name))
          files.push_back(file);
      }
      files.emplace_back("cgroup.controllers", list + "\n");
      return files;
    }
    Texts files{{"cgroup.procs", ""}, {"tasks", ""}};
    for (const auto& name : split_words(place.substr(0, place.find('/', 15)), "/,")) {
      for (const auto& file : v1_files(name))
        files.push_back(file);
    }
    return files;
  }
  static Texts v2_files(const std::string& controller) {
    if (controller == "cpu") {
      return {{"cpu.weight", "100\n"},
              {"cpu.max", "max 100000\n"},
              {"cpu.max.burst", "0\n"},
              {"cpu.stat", "usage_usec 0\n"}};
    }
    if (controller == "memory") {
      return {{"memory.max", "max\n"},
              {"memory.swap.max", "max\n"},
              {"memory.oom.group", "0\n"},
              {"memory.current", "0\n"},
              {"memory.stat", "anon 0\n"},
              {"memory.peak", "0\n"},
              {"memory.events", "low 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"}};
    }
    if (controller == "pids") return {{"pids.max", "max\n"}};
    return {};
  }
  static Texts v1_files(const std::string& controller) {
    if (controller == "cpu") {
      return {{"cpu.shares", "1024\n"},
              {"cpu.cfs_quota_us", "-1\n"},
              {"cpu.cfs_period_us", "100000\n"},
              {"cpu.cfs_burst_us", "0\n"},
              {"cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n"}};
    }
    if (controller == "cpuacct") return {{"cpuacct.usage", "0\n"}};
    if (controller == "memory") {
      return {{"memory.limit_in_bytes", "9223372036854771712\n"},
              {"memory.memsw.limit_in_bytes", "9223372036854771712\n"},
              {"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"},
              {"cgroup.event_control", ""},
              {"memory.stat", "total_rss 0\n"},
              {"memory.usage_in_bytes", "0\n"},
              {"memory.max_usage_in_bytes", "0\n"}};
    }
    if (controller == "pids") return {{"pids.max", "max\n"}};
    return {};
  }

  TempDir directory_;
  std::string mountinfo_, own_, v2_point_;
  int mounts_ = 0;
  int v1_mounts_ = 0;
  std::map<std::string, int> refused_;
  std::vector<std::string> lacking_;
  std::vector<std::string> done_;
};

}  // namespace coldframe::testing
