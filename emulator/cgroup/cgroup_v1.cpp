#include "emulator/cgroup/cgroup_v1.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "emulator/cgroup/directory_cgroup.hpp"

namespace coldframe {
namespace {

std::vector<std::string> different(const V1Directories& directories) {
  std::vector<std::string> out;
  for (const auto* directory :
       {&directories.cpu, &directories.cpuacct, &directories.memory, &directories.pids}) {
    if (std::find(out.begin(), out.end(), *directory) == out.end()) out.push_back(*directory);
  }
  return out;
}

class CgroupV1 final : public DirectoryCgroup {
 public:
  CgroupV1(CgroupFiles& files, const V1Directories& directories, const CgroupLimits& limits)
      : DirectoryCgroup(files, different(directories), directories.unified),
        at_(directories),
        limits_(limits),
        cpu_used_(at_.cpuacct + "/cpuacct.usage"),
        cpu_stat_(at_.cpu + "/cpu.stat"),
        memory_stat_(at_.memory + "/memory.stat"),
        memory_charged_(at_.memory + "/memory.usage_in_bytes"),
        oom_control_(at_.memory + "/memory.oom_control"),
        cpu_quota_(at_.cpu + "/cpu.cfs_quota_us", O_WRONLY) {}

  Result<void> set_up() {
    if (auto done = make(); !done) return done;
    if (auto done = put(files_, at_.cpu + "/cpu.shares", k_most_cpu_shares); !done) return done;
    // Now, so that the end of the init is one write.
    if (auto done = set_period(k_cpu_period); !done) return done;
    if (files_.write(at_.cpu + "/cpu.cfs_burst_us", "0") == EINVAL) {
      note("unused CPU time may be saved up: the kernel refuses a cpu.cfs_burst_us of 0");
    }
    if (auto done = limit_memory(); !done) return done;
    return put(files_, at_.pids + "/pids.max", std::to_string(limits_.processes));
  }

  Result<void> limit_cpu(const std::optional<CpuQuota>& quota) override {
    if (!quota) return write_quota("-1");
    if (quota->period != period_) {
      if (auto done = set_period(quota->period); !done) return done;
    }
    return write_quota(std::to_string(quota->quota.count()));
  }

  Result<CpuUsage> cpu_usage() const override {
    const auto used = need_number(cpu_used_);
    if (!used) return used.error();
    const auto stat = need_text(cpu_stat_);
    if (!stat) return stat.error();
    return CpuUsage{Duration(*used), Duration(number_of(*stat, "throttled_time").value_or(0)),
                    number_of(*stat, "nr_periods").value_or(0),
                    number_of(*stat, "nr_throttled").value_or(0)};
  }

  Result<std::int64_t> memory_usage() const override {
    const auto stat = need_text(memory_stat_);
    if (!stat) return stat.error();
    const auto charged = need_number(memory_charged_);
    if (!charged) return charged.error();
    // Those of groups below it are in the sums that begin with "total_"; "rss" is anonymous memory.
    std::int64_t bytes = 0;
    for (const char* key : {"total_rss", "total_shmem", "total_mapped_file"})
      bytes += number_of(*stat, key).value_or(0);
    return std::min(bytes, *charged);
  }
  std::optional<std::int64_t> peak_charged_bytes() const override {
    return read_number(at_.memory + "/memory.max_usage_in_bytes");
  }
  void open_files() const override {
    DirectoryCgroup::open_files();
    for (const auto* file :
         {&cpu_used_, &cpu_stat_, &memory_stat_, &memory_charged_, &oom_control_, &cpu_quota_})
      file->open();
  }

  // The counter is there since Linux 4.13.
  Result<std::int64_t> oom_kills() const override { return need_number(oom_control_, "oom_kill"); }

  std::optional<OomEvent> oom_event() const override {
    if (!event_) return std::nullopt;
    return OomEvent{event_.get(), POLLIN};
  }
  void oom_event_seen() override {
    eventfd_t count = 0;
    if (event_) ::eventfd_read(event_.get(), &count);
  }

 private:
  Result<void> write_quota(std::string_view text) {
    auto done = put(files_, cpu_quota_, text);
    cpu_quota_.close();  // it is rarely written twice
    return done;
  }

  // A period that becomes shorter under a quota could ask for more than the group above may give,
  // and the kernel refuses it: no quota first.
  Result<void> set_period(std::chrono::microseconds period) {
    if (auto done = limit_cpu(std::nullopt); !done) return done;
    period_ = {};
    auto done = put(files_, at_.cpu + "/cpu.cfs_period_us", std::to_string(period.count()));
    if (done) period_ = period;
    return done;
  }

  // The limit of memory and swap together may not be below that of memory: memory first.
  Result<void> limit_memory() {
    watch_oom();
    if (limits_.memory_bytes <= 0) return {};
    const std::string bytes = std::to_string(limits_.memory_bytes);
    if (auto done = put(files_, at_.memory + "/memory.limit_in_bytes", bytes); !done) return done;
    const int error_number = files_.write(at_.memory + "/memory.memsw.limit_in_bytes", bytes);
    if (error_number == 0) return {};
    note("swap cannot be forbidden: cannot write memory.memsw.limit_in_bytes: " +
         std::string(std::strerror(error_number)) + " (boot with swapaccount=1, or without swap)");
    return {};
  }

  void watch_oom() {
    UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const UniqueFd watched(::open(oom_control_.path().c_str(), O_RDONLY | O_CLOEXEC));
    int error_number = errno;
    if (event && watched) {
      error_number =
          files_.write(at_.memory + "/cgroup.event_control",
                       std::to_string(event.get()) + " " + std::to_string(watched.get()));
      if (error_number == 0) {
        event_ = std::move(event);
        return;
      }
    }
    note("the kernel does not tell when memory runs out, it must be asked: " +
         std::string(std::strerror(error_number)));
  }

  void allow_forks(bool allow) override {
    files_.write(at_.pids + "/pids.max", allow ? std::to_string(limits_.processes) : "0");
  }

  V1Directories at_;
  CgroupLimits limits_;
  std::chrono::microseconds period_{};
  KeptFile cpu_used_, cpu_stat_, memory_stat_, memory_charged_, oom_control_;
  KeptFile cpu_quota_;
  UniqueFd event_;
};

}  // namespace

Result<std::unique_ptr<Cgroup>> make_cgroup_v1(CgroupFiles& files, const V1Directories& directories,
                                               const CgroupLimits& limits) {
  auto group = std::make_unique<CgroupV1>(files, directories, limits);
  if (auto done = group->set_up(); !done) return done.error();
  return std::unique_ptr<Cgroup>(std::move(group));
}

}  // namespace coldframe
