#include "emulator/limits/signal_governor.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "emulator/process/usage.hpp"

namespace coldframe {
namespace {

constexpr std::chrono::milliseconds k_tree_every{20};
constexpr std::chrono::milliseconds k_memory_every{5};
constexpr std::chrono::microseconds k_least_sleep{100};

TimePoint now() { return std::chrono::steady_clock::now(); }

// Those that are there for the first time have used all they used in this time.
void read_tree(GovernedGroup& group) {
  std::vector<GovernedGroup::Clocked> tree;
  for (const pid_t pid : process_tree(group.pid)) {
    const auto known = std::find_if(group.tree.begin(), group.tree.end(),
                                    [pid](const auto& clocked) { return clocked.pid == pid; });
    tree.push_back(known != group.tree.end() ? *known : GovernedGroup::Clocked{pid, {}});
  }
  group.tree = std::move(tree);
}

Duration used_since_last_look(GovernedGroup& group) {
  Duration used{};
  for (auto& [pid, cpu] : group.tree) {
    const Duration at = process_cpu(pid).value_or(cpu);
    used += std::max(at - cpu, Duration::zero());
    cpu = at;
  }
  return used;
}

void stop(GovernedGroup& group, TimePoint at) {
  if (::kill(-group.pid, SIGSTOP) != 0) return;
  group.stopped = true;
  group.stopped_at = at;
}

void go_on(GovernedGroup& group, TimePoint at) {
  if (!group.frozen) ::kill(-group.pid, SIGCONT);
  group.stopped = false;
  group.throttled += at - group.stopped_at;
}

std::int64_t resident(const GovernedGroup& group) {
  std::int64_t sum = 0;
  for (const auto& member : group.tree)
    sum += resident_bytes(member.pid).value_or(0);
  return sum;
}

std::int64_t proportional(const GovernedGroup& group) {
  std::int64_t sum = 0;
  for (const auto& member : group.tree)
    sum += proportional_bytes(member.pid).value_or(0);
  return sum;
}

}  // namespace

SignalGovernor::SignalGovernor(Post post) : post_(std::move(post)), thread_([this] { run(); }) {}

SignalGovernor::~SignalGovernor() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::shared_ptr<GovernedGroup> SignalGovernor::add(GovernedGroup group) {
  auto shared = std::make_shared<GovernedGroup>(std::move(group));
  const std::lock_guard lock(mutex_);
  groups_.push_back(shared);
  return shared;
}

void SignalGovernor::remove(const std::shared_ptr<GovernedGroup>& group) {
  const std::lock_guard lock(mutex_);
  std::erase(groups_, group);
}

void SignalGovernor::run() {
  // Whoever stops others must not wait behind them. Without the privilege it works less well.
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), -20);
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const TimePoint next = look_at_all(now());
    if (next == TimePoint::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, next);
    }
  }
}

TimePoint SignalGovernor::look_at_all(TimePoint at) {
  TimePoint next = TimePoint::max();
  for (auto& group : groups_)
    next = std::min(next, look(*group, at));
  return next;
}

TimePoint SignalGovernor::look(GovernedGroup& group, TimePoint at) {
  if (!group.active || group.pid <= 0 || group.frozen) return TimePoint::max();
  if (at >= group.next_tree) {
    read_tree(group);
    group.next_tree = at + k_tree_every;
  }
  if (at >= group.next_memory) look_at_memory(group, at);
  if (group.out_of_memory) return TimePoint::max();
  const TimePoint idle = std::min(group.next_tree, group.next_memory);
  const Duration used = used_since_last_look(group);
  if (!group.limited || group.quota.quota >= group.quota.period * group.cpus) return idle;
  fill(group, at);
  group.credit -= used;
  if (group.stopped && group.credit > Duration::zero()) go_on(group, at);
  if (!group.stopped && group.credit <= Duration::zero()) stop(group, at);
  if (group.stopped) return std::min(idle, group.next_fill);
  const Duration sleep = std::max<Duration>(group.credit / group.cpus, k_least_sleep);
  return std::min({idle, group.next_fill, at + sleep});
}

void SignalGovernor::fill(GovernedGroup& group, TimePoint at) {
  if (group.next_fill == TimePoint{}) {
    group.credit = group.quota.quota;
    group.next_fill = at + group.quota.period;
  }
  if (at < group.next_fill) return;
  const auto periods = 1 + (at - group.next_fill) / Duration(group.quota.period);
  group.next_fill += periods * Duration(group.quota.period);
  group.credit =
      std::min<Duration>(group.credit + periods * Duration(group.quota.quota), group.quota.quota);
}

void SignalGovernor::look_at_memory(GovernedGroup& group, TimePoint at) {
  group.next_memory = at + k_memory_every;
  if (resident(group) <= group.memory_bytes) return;
  if (proportional(group) <= group.memory_bytes) {
    // What costs that much is not to be done all the time.
    group.next_memory = at + std::max<Duration>(k_memory_every, 20 * (now() - at));
    return;
  }
  group.out_of_memory = true;
  ::kill(-group.pid, SIGKILL);
  if (group.on_out_of_memory) post_(group.on_out_of_memory);
}

}  // namespace coldframe
