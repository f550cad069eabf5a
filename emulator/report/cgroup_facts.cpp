#include "emulator/report/cgroup_facts.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "emulator/base/first_line.hpp"

namespace coldframe {
namespace {

std::string v1_controllers(const std::string& mounts_file) {
  std::ifstream mounts(mounts_file);
  std::string line;
  std::string found;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string source, place, type, options;
    words >> source >> place >> type >> options;
    if (type != "cgroup" || options.starts_with("ro,") || options == "ro") continue;
    for (const std::string name : {"cpu", "memory", "pids"}) {
      const bool listed = ("," + options + ",").find("," + name + ",") != std::string::npos;
      const bool known = (" " + found + " ").find(" " + name + " ") != std::string::npos;
      if (listed && !known) found += (found.empty() ? "" : " ") + name;
    }
  }
  return found;
}

}  // namespace

std::string read_cgroups(const std::string& root) {
  std::string facts;
  std::error_code ignored;
  for (const std::string place : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    const std::string path = root + place + "/cgroup.controllers";
    if (!std::filesystem::exists(path, ignored)) continue;
    const auto list = first_line(path);
    facts += (facts.empty() ? "" : ", ") + ("v2 at " + place) + " (" +
             (list.empty() ? "no controllers" : list) + ")";
  }
  if (const auto v1 = v1_controllers(root + "/proc/self/mounts"); !v1.empty()) {
    facts += (facts.empty() ? "" : ", ") + ("v1 with " + v1);
  }
  return facts;
}

}  // namespace coldframe
