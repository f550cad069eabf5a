// One environment's control group; for limits_by_cgroup.cpp alone.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>

#include "emulator/base/lazy_timer.hpp"
#include "emulator/limits/limits_by_cgroup.hpp"

namespace coldframe {

class GroupLimits final : public EnvironmentLimits {
 public:
  struct Plan {
    std::string id;
    std::int64_t memory_bytes;
    CpuQuota quota;
    std::vector<int> cpus;
  };
  GroupLimits(LimitsByCgroup& backend, LimitsHouse house, CgroupRun& run, Plan plan,
              LimitsEvents& events);
  ~GroupLimits() override;
  GroupLimits(const GroupLimits&) = delete;
  GroupLimits& operator=(const GroupLimits&) = delete;

  Result<void> open() override;
  void open_ahead(std::function<void(Result<void>)> done) override;
  std::vector<int> join_descriptors() const override { return group_->join_descriptors(); }
  std::vector<int> cpus() const override { return plan_.cpus; }
  void on_start(bool in_invoke) override;
  void on_process(pid_t pid) override;
  void on_end(const FinalMemory& memory) override;
  void on_init_complete() override { limit_cpu(); }
  void on_dispatch() override { look_on(); }
  void on_idle() override { memory_timer_.clear(); }
  bool freeze() override;
  void thaw() override;
  std::vector<pid_t> processes() const override { return group_->processes(); }
  void sample(TimePoint now, bool forced) override;
  std::optional<CpuTime> cpu() const override;
  std::optional<std::int64_t> peak_bytes() const override { return peak_; }
  bool out_of_memory() override;
  void end_others(std::function<void()> done) override;
  void close(std::function<void()> done) override;

 private:
  void limit_cpu();
  void look_on();
  void watch_oom();
  void look_for_oom_kill(int tries);
  Result<void> use(Result<std::unique_ptr<Cgroup>> made);
  void end_those_left(int tries, std::function<void()> done);
  void remove(int tries, std::function<void()> done);
  void try_again(void (GroupLimits::*step)(int, std::function<void()>), int tries,
                 std::function<void()> done);

  LimitsByCgroup& backend_;
  LimitsHouse house_;
  CgroupRun& run_;
  Plan plan_;
  LimitsEvents& events_;
  std::unique_ptr<Cgroup> group_;  // null: not made yet, or removed, or just about to be
  bool opening_ = false;
  std::function<void()> close_when_open_;
  boost::asio::posix::stream_descriptor oom_watch_;  // a copy of the event's descriptor
  LazyTimer memory_timer_;
  TimerId oom_timer_;
  TimerId end_timer_;
  std::shared_ptr<char> here_ = std::make_shared<char>();  // a handler may come after our end
  bool limited_ = false;                                   // the quota has been written
  bool frozen_ = false;
  pid_t pid_ = 0;       // of the runtime; 0: none
  bool alive_ = false;  // a generation is
  bool told_ = false;   // of its lack of memory
  std::int64_t kills_before_ = 0;
  CpuUsage cpu_before_;
  std::optional<std::int64_t> peak_;
  TimePoint next_look_{};
};

}  // namespace coldframe
