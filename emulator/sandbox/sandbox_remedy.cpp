#include "emulator/sandbox/sandbox_remedy.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "emulator/base/first_line.hpp"
#include "emulator/sandbox/mount_calls.hpp"

namespace coldframe {
namespace {

// Root of a container need not have what root has.
bool has_sys_admin(const std::string& root) {
  std::ifstream status(root + "/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("CapEff:")) continue;
    constexpr unsigned k_sys_admin = 21;
    return (std::strtoull(line.c_str() + 7, nullptr, 16) >> k_sys_admin & 1) != 0;
  }
  return ::geteuid() == 0;  // nobody knows
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

SandboxFacts read_sandbox_facts(const std::string& root) {
  const std::string settings = root + "/proc/sys/";
  SandboxFacts facts;
  facts.kernel_release = first_line(settings + "kernel/osrelease");
  facts.is_old_kernel = !mounts::are_known();
  facts.in_container = exists(root + "/.dockerenv") || exists(root + "/run/.containerenv");
  facts.is_root = ::geteuid() == 0;
  facts.may_administrate = has_sys_admin(root);
  facts.apparmor_denies =
      first_line(settings + "kernel/apparmor_restrict_unprivileged_userns") == "1";
  facts.only_root_clones = first_line(settings + "kernel/unprivileged_userns_clone") == "0";
  facts.no_user_namespaces = first_line(settings + "user/max_user_namespaces") == "0";
  return facts;
}

std::string sandbox_remedy(const SandboxFacts& facts) {
  const bool has_rights = facts.is_root && facts.may_administrate;
  if (facts.in_container && !has_rights) {
    return "in a container, run it with --privileged (docker, podman)";
  }
  if (facts.is_root && !has_rights) {
    return "root lacks CAP_SYS_ADMIN here: a container needs --privileged";
  }
  if (facts.kernel_release.ends_with("-Microsoft")) {
    return "WSL 1 has no namespaces: wsl --set-version DISTRIBUTION 2 (in Windows)";
  }
  const bool is_wsl = facts.kernel_release.find("microsoft") != std::string::npos;
  // Root needs no user namespace, and does not help where a call is not there.
  if (has_rights || facts.is_old_kernel) {
    return is_wsl ? "wsl --update (in Windows) brings a newer kernel" : "";
  }
  if (facts.apparmor_denies) {
    return "this distribution denies user namespaces: sudo sysctl -w "
           "kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (facts.only_root_clones) return "sudo sysctl -w kernel.unprivileged_userns_clone=1";
  if (facts.no_user_namespaces) return "sudo sysctl -w user.max_user_namespaces=10000";
  if (is_wsl) {
    return "this kernel of WSL 2 denies it: wsl --update (in Windows), or root: try sudo";
  }
  return "root may: try sudo";
}

}  // namespace coldframe
