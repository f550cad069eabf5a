#include "emulator/sandbox/generated_files.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {
namespace {

std::string read_text(const char* path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + separator.size();
  }
  return parts;
}

// The lines of an account file without those of this name or number.
std::string without(const std::string& text, const std::string& name, const std::string& number) {
  std::string out;
  for (const auto& line : split(text, "\n")) {
    const auto fields = split(line, ":");
    const bool same = fields.size() > 2 && (fields[0] == name || fields[2] == number);
    if (!line.empty() && !same) out += line + "\n";
  }
  return out;
}

std::string with_processor(const std::string& block, int number) {
  std::string out;
  for (const auto& line : split(block, "\n")) {
    const bool numbered = line.substr(0, 9) == "processor";
    out += (numbered ? line.substr(0, line.find(':') + 1) + " " + std::to_string(number) : line) +
           "\n";
  }
  return out;
}

}  // namespace

HostFiles read_host_files() {
  return {read_text("/etc/passwd"),      read_text("/etc/group"), read_text("/proc/cpuinfo"),
          read_text("/etc/resolv.conf"), read_text("/proc/stat"), read_text("/etc/hosts")};
}

std::string passwd_with_user(const std::string& host) {
  const std::string uid = std::to_string(k_sandbox_uid);
  const std::string user = k_sandbox_user;
  return without(host, user, uid) + user + ":x:" + uid + ":" + std::to_string(k_sandbox_gid) +
         "::/home/" + user + ":/sbin/nologin\n";
}

std::string group_with_user(const std::string& host) {
  const std::string gid = std::to_string(k_sandbox_gid);
  return without(host, k_sandbox_user, gid) + k_sandbox_user + ":x:" + gid + ":\n";
}

std::string hosts_with_sandbox(const std::string& host) {
  std::string out = host.empty() ? "127.0.0.1\tlocalhost\n" : host;
  if (out.back() != '\n') out += '\n';
  return out + "127.0.0.1\tsandbox.localdomain sandbox\n";
}

std::string cpuinfo_of(const std::string& host, int count) {
  std::vector<std::string> blocks;
  std::string rest;  // as the board's name at the end, on some architectures
  for (const auto& block : split(host, "\n\n")) {
    if (block.substr(0, 9) == "processor") {
      blocks.push_back(block);
    } else if (block.find_first_not_of('\n') != std::string::npos) {
      rest += block + "\n";
    }
  }
  if (blocks.empty()) return host;
  std::string out;
  for (int i = 0; i < count; ++i) {
    const auto source = std::min(static_cast<std::size_t>(i), blocks.size() - 1);
    out += with_processor(blocks[source], i) + "\n";
  }
  return out + rest;
}

std::string meminfo_of(int memory_mb) {
  const auto line = [](const char* name, long long kilobytes) {
    const std::string number = std::to_string(kilobytes);
    std::string text = std::string(name) + ":";
    text.resize(16, ' ');
    return text + std::string(number.size() < 8 ? 8 - number.size() : 0, ' ') + number + " kB\n";
  };
  const long long total = memory_mb * 1024LL;
  std::string text = line("MemTotal", total) + line("MemFree", total) + line("MemAvailable", total);
  // psutil warns where it misses one of these.
  for (const char* name : {"Buffers", "Cached", "SwapCached", "Active", "Inactive", "SwapTotal",
                           "SwapFree", "Shmem", "Slab", "SReclaimable", "SUnreclaim"})
    text += line(name, 0);
  return text;
}

std::string cpu_stat_of(const std::string& host, int count) {
  std::vector<std::string> cpus;  // what stands behind their names
  std::string rest;
  for (const auto& line : split(host, "\n")) {
    const auto space = line.find(' ');
    if (!line.starts_with("cpu")) {
      rest += line + "\n";
    } else if (space != std::string::npos && space > 3) {
      cpus.push_back(line.substr(space));
    }
  }
  if (cpus.empty()) return host;
  std::vector<long long> sums;
  std::string each;
  for (int i = 0; i < count; ++i) {
    const auto& times = cpus[std::min(static_cast<std::size_t>(i), cpus.size() - 1)];
    each += "cpu" + std::to_string(i) + times + "\n";
    std::istringstream in(times);
    std::size_t column = 0;
    for (long long time = 0; in >> time; ++column) {
      sums.resize(std::max(sums.size(), column + 1));
      sums[column] += time;
    }
  }
  std::string all = "cpu ";
  for (const long long sum : sums)
    all += " " + std::to_string(sum);
  return all + "\n" + each + rest;
}

std::vector<GeneratedFile> generated_files(const GeneratedFacts& facts, const HostFiles& host) {
  const std::string cpus = "0-" + std::to_string(facts.vcpus - 1) + "\n";
  std::vector<GeneratedFile> files;
  if (!facts.of_image) {
    files.push_back({"/etc/passwd", passwd_with_user(host.passwd)});
    files.push_back({"/etc/group", group_with_user(host.group)});
  }
  files.insert(files.end(),
               {
                   {"/etc/hosts", hosts_with_sandbox(facts.of_image ? "" : host.hosts)},
                   {"/proc/cpuinfo", cpuinfo_of(host.cpuinfo, facts.vcpus)},
                   {"/proc/meminfo", meminfo_of(facts.memory_mb)},
                   {"/sys/devices/system/cpu/online", cpus},
                   {"/sys/devices/system/cpu/present", cpus},
                   {"/sys/devices/system/cpu/possible", cpus},
               });
  if (!host.stat.empty()) files.push_back({"/proc/stat", cpu_stat_of(host.stat, facts.vcpus)});
  if (!facts.resolv_conf.empty()) files.push_back({"/etc/resolv.conf", facts.resolv_conf});
  return files;
}

}  // namespace coldframe
