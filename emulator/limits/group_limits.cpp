#include "emulator/limits/group_limits.hpp"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace coldframe {
namespace {

constexpr std::chrono::milliseconds k_look_every{50};
constexpr std::chrono::milliseconds k_least_pause{2};
constexpr std::chrono::milliseconds k_retry{1};
constexpr std::int64_t k_slack = 512 * 1024;  // the kernel's counts are lazy
constexpr int k_most_tries = 2000;
constexpr int k_oom_looks = 200;  // the event may come before the kill is counted

}  // namespace

GroupLimits::GroupLimits(LimitsByCgroup& backend, LimitsHouse house, CgroupRun& run, Plan plan,
                         LimitsEvents& events)
    : backend_(backend),
      house_(house),
      run_(run),
      plan_(std::move(plan)),
      events_(events),
      oom_watch_(house.io),
      memory_timer_(house.timers, [this] {
        sample(house_.clock.now(), true);
        events_.on_look();
        look_on();
      }) {}

GroupLimits::~GroupLimits() {
  house_.timers.cancel(oom_timer_);
  house_.timers.cancel(end_timer_);
}

Result<void> GroupLimits::open() {
  return use(run_.create(plan_.id, {.memory_bytes = plan_.memory_bytes}));
}

void GroupLimits::open_ahead(std::function<void(Result<void>)> done) {
  opening_ = true;
  house_.offload.run(
      [&run = run_, id = plan_.id, memory_bytes = plan_.memory_bytes] {
        auto group = run.create(id, {.memory_bytes = memory_bytes});
        if (group) (*group)->open_files();
        return group;
      },
      [this, here = std::weak_ptr<char>(here_),
       done = std::move(done)](Result<std::unique_ptr<Cgroup>> made) {
        if (here.expired()) return;  // the group goes with `made`
        opening_ = false;
        auto opened = use(std::move(made));
        if (close_when_open_) return close(std::exchange(close_when_open_, nullptr));
        done(std::move(opened));
      });
}

Result<void> GroupLimits::use(Result<std::unique_ptr<Cgroup>> made) {
  if (!made) return made.error();
  group_ = std::move(*made);
  for (const auto& note : group_->notes())
    backend_.note_once(note);
  if (const auto event = group_->oom_event()) {
    UniqueFd copy(::fcntl(event->fd, F_DUPFD_CLOEXEC, 3));
    boost::system::error_code error;
    if (!copy) return host_error(std::string("cannot watch memory: ") + std::strerror(errno));
    oom_watch_.assign(copy.get(), error);
    if (error) return host_error("cannot watch memory: " + error.message());
    (void)copy.release();
    watch_oom();
  }
  return {};
}

void GroupLimits::on_start(bool in_invoke) {
  if (in_invoke) limit_cpu();
  told_ = false;
  const auto kills = group_->oom_kills();
  kills_before_ = kills ? *kills : 0;
  if (const auto usage = group_->cpu_usage()) cpu_before_ = *usage;
}

void GroupLimits::on_process(pid_t pid) {
  pid_ = pid;
  alive_ = pid > 0;
  if (alive_) {
    look_on();
  } else {
    memory_timer_.clear();
  }
}

void GroupLimits::on_end(const FinalMemory& memory) {
  memory_timer_.clear();
  pid_ = 0;  // may be given to somebody else
  // What it took after the last look. No more than we had when it was forked tells nothing.
  if (memory.inherited_bytes > 0 && memory.peak_bytes > memory.inherited_bytes + k_slack) {
    peak_ = std::max(peak_.value_or(0), std::min(memory.peak_bytes, plan_.memory_bytes));
  }
}

void GroupLimits::limit_cpu() {
  if (std::exchange(limited_, true)) return;
  if (auto done = group_->limit_cpu(plan_.quota); !done) {
    backend_.note_once("the function's CPU share is not limited: " + done.error().message);
  }
}

void GroupLimits::look_on() { memory_timer_.set(house_.clock.now() + k_look_every); }

void GroupLimits::sample(TimePoint now, bool forced) {
  if (!forced && now < next_look_) return;
  next_look_ = now + k_least_pause;
  const auto memory = group_->memory_usage();
  if (!memory) return;
  // Pages of libraries that are charged to another group count on Lambda, where nobody else is.
  const std::int64_t own = std::min(peak_resident(pid_).value_or(0), plan_.memory_bytes);
  const std::int64_t seen = std::max(*memory, own);
  if (seen > 0) peak_ = std::max(peak_.value_or(0), seen);  // 0: everybody has gone
}

std::optional<CpuTime> GroupLimits::cpu() const {
  const auto usage = group_->cpu_usage();
  if (!usage) return std::nullopt;
  return CpuTime{usage->used - cpu_before_.used, usage->throttled - cpu_before_.throttled};
}

bool GroupLimits::freeze() {
  if (!group_->can_freeze()) return false;
  frozen_ = bool(group_->freeze());
  return frozen_;
}

void GroupLimits::thaw() {
  if (!std::exchange(frozen_, false)) return;
  if (auto done = group_->thaw(); !done) {
    house_.log.write("coldframe: an environment stays frozen: " + done.error().message + "\n");
  }
}

bool GroupLimits::out_of_memory() {
  const auto kills = group_->oom_kills();
  if (!kills || *kills <= kills_before_) return false;
  told_ = true;
  peak_ = plan_.memory_bytes;
  return true;
}

void GroupLimits::watch_oom() {
  using Descriptor = boost::asio::posix::stream_descriptor;
  const bool urgent = group_->oom_event()->events == POLLPRI;
  oom_watch_.async_wait(urgent ? Descriptor::wait_error : Descriptor::wait_read,
                        [this, here = std::weak_ptr<char>(here_)](const auto& error) {
                          if (error || here.expired() || group_ == nullptr) return;
                          group_->oom_event_seen();
                          house_.timers.cancel(oom_timer_);
                          look_for_oom_kill(k_oom_looks);
                          watch_oom();
                        });
}

void GroupLimits::look_for_oom_kill(int tries) {
  if (!alive_ || told_ || tries == 0) return;
  if (out_of_memory()) return events_.on_out_of_memory();
  oom_timer_ = house_.timers.at(house_.clock.now() + k_retry, [this, tries] {
    oom_timer_ = {};
    look_for_oom_kill(tries - 1);
  });
}

void GroupLimits::end_others(std::function<void()> done) {
  alive_ = false;
  end_those_left(k_most_tries, [this, done = std::move(done)] {
    thaw();  // what joins next must run
    done();
  });
}

void GroupLimits::end_those_left(int tries, std::function<void()> done) {
  if (group_ == nullptr || group_->is_empty()) return done();
  group_->kill();
  try_again(&GroupLimits::end_those_left, tries, std::move(done));
}

void GroupLimits::close(std::function<void()> done) {
  if (opening_) {
    close_when_open_ = std::move(done);
    return;
  }
  boost::system::error_code ignored;
  oom_watch_.close(ignored);
  memory_timer_.clear();
  remove(k_most_tries, std::move(done));
}

// Others are served meanwhile: it takes as long as some invokes.
void GroupLimits::remove(int tries, std::function<void()> done) {
  if (group_ == nullptr) return done();
  house_.offload.run(
      [group = std::move(group_)]() mutable {
        if (group->remove()) {
          group.reset();
        } else {
          group->kill();
        }
        return std::move(group);
      },
      [this, here = std::weak_ptr<char>(here_), tries,
       done = std::move(done)](std::unique_ptr<Cgroup> left) mutable {
        if (here.expired()) return;
        group_ = std::move(left);
        if (group_ == nullptr) return done();
        try_again(&GroupLimits::remove, tries, std::move(done));
      });
}

void GroupLimits::try_again(void (GroupLimits::*step)(int, std::function<void()>), int tries,
                            std::function<void()> done) {
  if (tries == 0) {
    house_.log.write("coldframe: somebody is left in the control group of environment " + plan_.id +
                     "\n");
    return done();
  }
  end_timer_ = house_.timers.at(house_.clock.now() + k_retry,
                                [this, step, tries, done = std::move(done)]() mutable {
                                  end_timer_ = {};
                                  (this->*step)(tries - 1, std::move(done));
                                });
}

}  // namespace coldframe
