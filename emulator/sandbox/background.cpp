#include "emulator/sandbox/background.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace coldframe {
namespace {

// As linux/sched/types.h has it, which defines what <sched.h> defines too.
struct SchedulingAttributes {
  std::uint32_t size = 48;  // of the first version of it, which is this
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // ns at a time; 0: the usual
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

bool in_background = false;  // forked processes have it from us, as they have the policy

void set(int policy, std::uint64_t at_a_time_ns) {
  SchedulingAttributes attributes;
  attributes.policy = static_cast<std::uint32_t>(policy);
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);
  attributes.runtime = at_a_time_ns;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0U);
}

}  // namespace

void work_in_background() {
  constexpr std::uint64_t k_least_ns = 100'000;        // what the kernel takes
  if (::sched_getscheduler(0) != SCHED_OTHER) return;  // somebody has chosen another
  set(SCHED_BATCH, k_least_ns);
  in_background = true;
}

void work_as_usual() {
  if (in_background) set(SCHED_OTHER, 0);
  in_background = false;
}

}  // namespace coldframe
