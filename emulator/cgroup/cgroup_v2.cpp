#include "emulator/cgroup/cgroup_v2.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "emulator/cgroup/directory_cgroup.hpp"

namespace coldframe {
namespace {

class CgroupV2 final : public DirectoryCgroup {
 public:
  CgroupV2(CgroupFiles& files, const std::string& directory, const CgroupLimits& limits)
      : DirectoryCgroup(files, {}, directory),
        at_(directory + "/"),
        limits_(limits),
        cpu_stat_(at_ + "cpu.stat"),
        memory_stat_(at_ + "memory.stat"),
        memory_charged_(at_ + "memory.current"),
        memory_events_(at_ + "memory.events"),
        cpu_max_(at_ + "cpu.max", O_WRONLY) {}

  Result<void> set_up() {
    if (auto done = make(); !done) return done;
    if (auto done = put(files_, at_ + "cpu.weight", k_most_cpu_weight); !done) return done;
    if (files_.write(at_ + "cpu.max.burst", "0") == EINVAL) {
      note("unused CPU time may be saved up: the kernel refuses a cpu.max.burst of 0");
    }
    if (auto done = limit_memory(); !done) return done;
    return put(files_, at_ + "pids.max", std::to_string(limits_.processes));
  }

  Result<void> limit_cpu(const std::optional<CpuQuota>& quota) override {
    const CpuQuota value = quota.value_or(CpuQuota{});
    auto done = put(files_, cpu_max_,
                    (quota ? std::to_string(value.quota.count()) : "max") + " " +
                        std::to_string(value.period.count()));
    cpu_max_.close();  // it is rarely written twice
    return done;
  }

  Result<CpuUsage> cpu_usage() const override {
    const auto stat = need_text(cpu_stat_);
    if (!stat) return stat.error();
    const auto time = [&](std::string_view key) -> Duration {
      return std::chrono::microseconds(number_of(*stat, key).value_or(0));
    };
    if (!number_of(*stat, "usage_usec")) {
      return host_error(at_ + "cpu.stat has no number for usage_usec");
    }
    return CpuUsage{time("usage_usec"), time("throttled_usec"),
                    number_of(*stat, "nr_periods").value_or(0),
                    number_of(*stat, "nr_throttled").value_or(0)};
  }

  Result<std::int64_t> memory_usage() const override {
    const auto stat = need_text(memory_stat_);
    if (!stat) return stat.error();
    const auto charged = need_number(memory_charged_);
    if (!charged) return charged.error();
    std::int64_t bytes = 0;
    for (const char* key : {"anon", "shmem", "file_mapped"})
      bytes += number_of(*stat, key).value_or(0);
    return std::min(bytes, *charged);
  }
  std::optional<std::int64_t> peak_charged_bytes() const override {
    return read_number(at_ + "memory.peak");
  }
  void open_files() const override {
    DirectoryCgroup::open_files();
    for (const auto* file :
         {&cpu_stat_, &memory_stat_, &memory_charged_, &memory_events_, &cpu_max_})
      file->open();
  }

  Result<std::int64_t> oom_kills() const override {
    return need_number(memory_events_, "oom_kill");
  }

  std::optional<OomEvent> oom_event() const override {
    if (!events_) return std::nullopt;
    return OomEvent{events_.get(), POLLPRI};
  }
  // The kernel compares with what was there at the last read.
  void oom_event_seen() override {
    char text[512];
    if (events_) [[maybe_unused]]
      auto n = ::pread(events_.get(), text, sizeof text, 0);
  }

 private:
  Result<void> limit_memory() {
    const std::string limit =
        limits_.memory_bytes > 0 ? std::to_string(limits_.memory_bytes) : "max";
    if (auto done = put(files_, at_ + "memory.max", limit); !done) return done;
    if (const int error_number = files_.write(at_ + "memory.swap.max", "0"); error_number != 0) {
      note("swap cannot be forbidden: cannot write memory.swap.max: " +
           std::string(std::strerror(error_number)) +
           " (boot with swapaccount=1, or without swap)");
    }
    // Since Linux 4.19.
    if (const int error_number = files_.write(at_ + "memory.oom.group", "1"); error_number != 0) {
      note("the kernel ends one process, not all, when memory runs out: memory.oom.group: " +
           std::string(std::strerror(error_number)));
    }
    events_.reset(::open((at_ + "memory.events").c_str(), O_RDONLY | O_CLOEXEC));
    oom_event_seen();
    return {};
  }

  void allow_forks(bool allow) override {
    files_.write(at_ + "pids.max", allow ? std::to_string(limits_.processes) : "0");
  }

  std::string at_;  // with a slash at the end
  CgroupLimits limits_;
  KeptFile cpu_stat_, memory_stat_, memory_charged_;
  KeptFile memory_events_;  // not that of the event: to read it means to have seen it
  KeptFile cpu_max_;
  UniqueFd events_;
};

}  // namespace

Result<std::unique_ptr<Cgroup>> make_cgroup_v2(CgroupFiles& files, const std::string& directory,
                                               const CgroupLimits& limits) {
  auto group = std::make_unique<CgroupV2>(files, directory, limits);
  if (auto done = group->set_up(); !done) return done.error();
  return std::unique_ptr<Cgroup>(std::move(group));
}

}  // namespace coldframe
