// The files that a sandbox sees in place of the host's: who it runs as, how many CPUs and how much
// memory it has, where names are resolved. The last also where that is the host's own matter: its
// file is often a link to /run, which the sandbox does not have.
//
//   for (auto& file : generated_files({.memory_mb = 512, .vcpus = 2}, read_host_files())) …
//
// Pure but for read_host_files(); any thread.
#pragma once

#include <string>
#include <vector>

namespace coldframe {

struct HostFiles {
  std::string passwd;
  std::string group;
  std::string cpuinfo;
  std::string resolv_conf{};
  std::string stat{};  // /proc/stat; empty: not known, and then not covered
  std::string hosts{};
};
HostFiles read_host_files();

struct GeneratedFile {
  std::string path;  // absolute, inside; left out where there is no such file to be covered
  std::string content;
};

struct GeneratedFacts {
  int memory_mb = 128;
  int vcpus = 2;
  std::string resolv_conf;  // empty: none is needed
  bool of_image = false;    // which keeps its accounts: on Lambda its user has none there
  bool operator==(const GeneratedFacts&) const = default;
};
std::vector<GeneratedFile> generated_files(const GeneratedFacts& facts, const HostFiles& host);

// The host's accounts and sbx_user1051, whose home does not exist.
std::string passwd_with_user(const std::string& host);
std::string group_with_user(const std::string& host);
// The host's names, and those by which an extension asks for telemetry to be sent to it.
std::string hosts_with_sandbox(const std::string& host);
// `count` processors: the host's first ones, and copies of the last if it has fewer.
std::string cpuinfo_of(const std::string& host, int count);
// MemTotal is the function's size, all of it free: what is in use by now is not in it. No swap.
std::string meminfo_of(int memory_mb);
// Of /proc/stat, from which Node.js counts CPUs: `count` of them as in cpuinfo_of(), and their sum
// in front. It stands still.
std::string cpu_stat_of(const std::string& host, int count);

}  // namespace coldframe
