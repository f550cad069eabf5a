#include "emulator/report/host_facts.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string_view>

#include "emulator/base/first_line.hpp"

namespace coldframe {

namespace {

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1));
}

// The value behind "key : value" or "key: value"; empty if there is none.
std::string value_in(const std::string& file, std::string_view key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && trimmed(line.substr(0, colon)) == key) {
      return trimmed(line.substr(colon + 1));
    }
  }
  return {};
}

// /proc/stat begins "cpu user nice system idle iowait irq softirq steal guest guest_nice".
std::optional<double> read_steal(const std::string& file) {
  std::istringstream line(first_line(file));
  std::string name;
  line >> name;
  double total = 0;
  double steal = 0;
  int fields = 0;
  for (double value = 0; fields < 8 && line >> value; ++fields) {
    total += value;
    steal = value;
  }
  if (name != "cpu" || fields < 8 || total <= 0) return std::nullopt;
  return 100.0 * steal / total;
}

}  // namespace

std::string HostFacts::fingerprint() const {
  const std::string stable =
      fmt::format("{}|{}|{}|{}", cpu_model, cores, kernel, memory_bytes.value_or(0));
  std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
  for (const char c : stable) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return fmt::format("{:016x}", hash);
}

HostFacts read_host(const std::string& proc) {
  HostFacts host;
  host.cpu_model = value_in(proc + "/cpuinfo", "model name");
  if (host.cpu_model.empty()) host.cpu_model = value_in(proc + "/cpuinfo", "CPU part");
  host.cores = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  host.kernel = trimmed(first_line(proc + "/sys/kernel/osrelease"));
  std::istringstream memory(value_in(proc + "/meminfo", "MemTotal"));
  std::int64_t kib = 0;
  if (memory >> kib) host.memory_bytes = kib * 1024;
  std::istringstream load(first_line(proc + "/loadavg"));
  double load_1m = 0;
  if (load >> load_1m) host.load_1m = load_1m;
  host.steal_percent = read_steal(proc + "/stat");
  return host;
}

}  // namespace coldframe
