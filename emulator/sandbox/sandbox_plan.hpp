// What a strict sandbox is made of, worked out before anything is started.
//
//   SandboxPlan plan = plan_sandbox(config, entry, options);
//   plan.inside("/home/u/fn/app.py")          // "/var/task/app.py"
//
// Reads the host's file system (links, pyvenv.cfg, the first line of scripts), changes nothing.
// Value type; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "emulator/environment/entry_point.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/sandbox/host_looks.hpp"
#include "emulator/sandbox/network_mode.hpp"
#include "emulator/sandbox/way_out.hpp"

namespace coldframe {

// Recorded on AWS: user sbx_user1051. The numbers are those of its base images.
inline constexpr const char* k_sandbox_user = "sbx_user1051";
inline constexpr int k_sandbox_uid = 993;
inline constexpr int k_sandbox_gid = 990;
inline constexpr const char* k_sandbox_task_root = "/var/task";

struct SandboxMount {
  std::string from;  // path of the host; what it leads to is mounted
  std::string to;    // absolute path inside
  bool operator==(const SandboxMount&) const = default;
};

struct SandboxLink {
  std::string at;  // absolute path inside
  std::string target;
  bool operator==(const SandboxLink&) const = default;
};

struct SandboxPlan {
  // Read-only, in this order: a later one may lie in an earlier one only where that has such a
  // directory.
  std::vector<SandboxMount> mounts;
  std::vector<SandboxLink> links;  // as /bin -> usr/bin on a merged host
  std::string task_root;           // of the host; is /var/task inside
  // Of an image: its directories are the root, the topmost first, and nothing of the host's is
  // seen; then there are no mounts and no links, and task_root is the first of them.
  std::vector<std::string> image;
  bool image_has_trusted_xattrs = true;
  int tmp_mb = 512;
  bool tmp_in_memory = false;  // instead of on a disk, also where that is possible
  int memory_mb = 128;
  int vcpus = 2;
  NetworkMode network = NetworkMode::none;
  WayOutProgram way_out;      // of an open network
  bool trace_denied = false;  // deny_trace.hpp

  std::string inside(const std::filesystem::path& path) const;
  // Of an extension's executable.
  std::string inside_opt(const std::filesystem::path& path) const;
  // Whether a path of the host is that path inside as well, or hidden by the sandbox's own.
  bool shows(const std::filesystem::path& path) const;
};

SandboxPlan plan_sandbox(const FunctionConfig& config, const EntryPoint& entry,
                         NetworkMode network);
// The same; as long as all of `looks` is still so, another would be equal.
SandboxPlan plan_sandbox(const FunctionConfig& config, const EntryPoint& entry, NetworkMode network,
                         HostLooks& looks);

}  // namespace coldframe
