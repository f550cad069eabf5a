// Keeps process groups to their CPU share by SIGSTOP and SIGCONT, and ends those that use more
// memory than they may. A thread of its own looks, so that a busy loop does not delay it; it
// sleeps while no group is active.
//
//   SignalGovernor governor([&io](auto task) { boost::asio::post(io, std::move(task)); });
//   auto group = governor.add({.quota = cpu_quota(512), .memory_bytes = 512 << 20, …});
//   governor.set(group, [&](GovernedGroup& g) { g.pid = pid; g.active = true; });
//   governor.remove(group);
//
// CPU: a closed loop. Each period brings the quota as credit, unused credit is not saved up, and
// what is used beyond it is a debt that the next periods pay. CPU time is read from the clocks of
// the runtime and its descendants; who has left their tree is not seen, and who has left the
// process group is not stopped. Expect shares within 5 %, system calls that end with EINTR
// (signal(7)), and handlers of SIGCONT that run.
//
// Memory: resident sizes are looked at every 5 ms, proportional ones (which split what is shared)
// only if those are too large. At 1 GB/s a function gets some 5 to 10 MB further than it may before
// it is killed, and the page cache is not counted at all.
//
// Any thread; the tasks given to `post` run on whatever that is.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/cgroup/cpu_share.hpp"

namespace coldframe {

struct GovernedGroup {
  CpuQuota quota{};
  std::int64_t memory_bytes = 0;
  int cpus = 1;                              // that it can run on at once
  std::function<void()> on_out_of_memory{};  // posted, once a process

  pid_t pid = 0;         // leader of the process group; 0: none
  bool active = false;   // busy or initializing
  bool limited = false;  // the quota holds
  bool frozen = false;   // stopped by somebody else's wish: not to be continued
  bool out_of_memory = false;
  Duration throttled{};  // stopped for lack of credit so far

  // The governor's own.
  struct Clocked {
    pid_t pid;
    Duration cpu;
  };
  Duration credit{};
  TimePoint next_fill{};
  TimePoint next_tree{};
  TimePoint next_memory{};
  bool stopped = false;
  TimePoint stopped_at{};
  std::vector<Clocked> tree{};
};

class SignalGovernor {
 public:
  using Post = std::function<void(std::function<void()>)>;
  explicit SignalGovernor(Post post);
  ~SignalGovernor();
  SignalGovernor(const SignalGovernor&) = delete;
  SignalGovernor& operator=(const SignalGovernor&) = delete;

  std::shared_ptr<GovernedGroup> add(GovernedGroup group);
  void remove(const std::shared_ptr<GovernedGroup>& group);
  // Runs `change` while nobody looks at the group, then looks.
  template <typename Change>
  void set(const std::shared_ptr<GovernedGroup>& group, Change change) {
    {
      const std::lock_guard lock(mutex_);
      change(*group);
    }
    wake_.notify_one();
  }

 private:
  void run();
  TimePoint look_at_all(TimePoint now);
  TimePoint look(GovernedGroup& group, TimePoint now);
  void fill(GovernedGroup& group, TimePoint now);
  void look_at_memory(GovernedGroup& group, TimePoint now);

  Post post_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<GovernedGroup>> groups_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace coldframe
