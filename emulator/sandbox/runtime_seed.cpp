#include "emulator/sandbox/runtime_seed.hpp"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "emulator/process/group_entry.hpp"
#include "emulator/process/spawn.hpp"
#include "emulator/sandbox/deny_trace.hpp"
#include "emulator/sandbox/init_protocol.hpp"
#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"
#include "emulator/sandbox/seccomp_filter.hpp"

namespace coldframe {
namespace {

constexpr rlim_t k_descriptors = 1024;

[[noreturn]] void give_up(int socket, const std::string& why) {
  MessageWriter out;
  out.number(static_cast<std::int64_t>(SeedMessage::not_ready));
  out.text(why);
  send_message(socket, out);
  ::_exit(127);
}

std::string because(const std::string& step) { return step + ": " + std::strerror(errno); }

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// How long it took, ns: where it is joined by cgroup.procs, 5 ms and more.
std::int64_t join(const SeedPlan& plan) {
  const std::int64_t begin = now_ns();
  if (const int error_number = join_groups(plan.join_fds, plan.inside); error_number != 0) {
    errno = error_number;
    give_up(plan.start_socket, because("join a control group"));
  }
  return now_ns() - begin;
}

// Soft and hard, as recorded on AWS; no more than what we may give. Cores are off by default: the
// host's own handler would get them.
void set_limits(const SeedPlan& plan) {
  const auto lower = [](int resource, rlim_t soft, rlim_t hard) {
    rlimit now{};
    ::getrlimit(static_cast<__rlimit_resource_t>(resource), &now);
    const rlim_t most = std::min(hard, now.rlim_max);
    const rlimit wanted{std::min(soft, most), most};
    ::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted);
  };
  // A caller's own (a CI's ulimit -f, -t, -v) are not the function's. Who is not root has no more
  // to give than its hard limits.
  for (const auto resource : {RLIMIT_AS, RLIMIT_DATA, RLIMIT_RSS, RLIMIT_FSIZE, RLIMIT_CPU}) {
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(resource, &none) != 0) lower(resource, RLIM_INFINITY, RLIM_INFINITY);
  }
  lower(RLIMIT_STACK, 8UL << 20, RLIM_INFINITY);
  lower(RLIMIT_MEMLOCK, 65536, 65536);
  lower(RLIMIT_CORE, 0, 10UL << 30);
  // It counts the processes of all sandboxes together, so that one could take them from the others:
  // better than nothing in a user namespace, where it counts nobody else; with groups the pids
  // controller does it.
  if (plan.in_user_namespace && plan.join_fds.empty()) lower(RLIMIT_NPROC, 1024, 1024);
}

void drop_privileges(const SeedPlan& plan) {
  for (int capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) break;  // EINVAL: that was the last
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (!plan.in_user_namespace) {
    const gid_t group = k_sandbox_gid;
    if (::setgroups(1, &group) != 0) give_up(plan.start_socket, because("setgroups"));
  }
  if (::setresgid(k_sandbox_gid, k_sandbox_gid, k_sandbox_gid) != 0 ||
      ::setresuid(k_sandbox_uid, k_sandbox_uid, k_sandbox_uid) != 0) {
    give_up(plan.start_socket, because(std::string("become ") + k_sandbox_user));
  }
  // Where we were this user already, changing to it has cleared nothing.
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  if (::syscall(SYS_capset, &header, none) != 0) {
    give_up(plan.start_socket, because("drop capabilities"));
  }
}

void await_furniture(const SeedPlan& plan) {
  if (plan.furnished < 0) return;
  char byte = 0;
  if (::read(plan.furnished, &byte, 1) != 1) ::_exit(127);  // the init has told why
  ::close(plan.furnished);
}

UniqueFd start_trace(int start_socket) {
  auto listener = install_deny_trace();
  if (!listener) give_up(start_socket, listener.error().message);
  return std::move(*listener);
}

void limit_descriptors() {
  rlimit limit{k_descriptors, k_descriptors};
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  limit.rlim_max = std::min(limit.rlim_max, now.rlim_max);
  limit.rlim_cur = std::min(limit.rlim_cur, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void use_cpus(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) {
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<unsigned>(cpu), &set);
  }
  ::sched_setaffinity(0, sizeof set, &set);
}

// Fills in what is to be run, and returns the descriptors with it. What was meant for an earlier
// seed, which was killed before it read it, is passed over.
Message await_order(int socket, SpawnPlan& program) {
  constexpr std::size_t k_descriptors_of_run = 4;
  for (;;) {
    auto order = receive_message(socket);
    if (!order) ::_exit(127);
    MessageReader in = order->reader();
    const bool to_run = in.number() == static_cast<std::int64_t>(SeedMessage::run);
    if (in.number() != ::getpid()) continue;
    if (!to_run || order->descriptors.size() != k_descriptors_of_run) ::_exit(127);
    program.executable = in.text();
    program.argv = in.texts();
    program.environment = in.texts();
    program.working_directory = in.text();
    use_cpus(in.numbers());
    program.log_fd_number = static_cast<int>(in.number());
    if (!in.ok()) ::_exit(127);
    return std::move(*order);
  }
}

}  // namespace

void run_seed(const SeedPlan& plan) {
  // In a user namespace the function is the same user as we and the init; see there.
  ::prctl(PR_SET_DUMPABLE, 0);
  reset_signals();
  ::setsid();
  const std::int64_t joining = join(plan);
  set_limits(plan);
  drop_privileges(plan);
  // First, so that the second one's refusals are not looked at.
  UniqueFd trace = plan.trace_denied ? start_trace(plan.start_socket) : UniqueFd();
  if (auto ok = install_seccomp(); !ok) give_up(plan.start_socket, ok.error().message);
  await_furniture(plan);
  MessageWriter ready;
  ready.number(static_cast<std::int64_t>(SeedMessage::ready));
  ready.number(joining);
  std::vector<int> descriptors;
  if (trace) descriptors.push_back(trace.get());
  if (!send_message(plan.start_socket, ready, descriptors)) ::_exit(127);
  trace.reset();

  SpawnPlan program;
  const auto order = await_order(plan.start_socket, program);
  program.stdout_fd = order.descriptors[0].get();
  program.stderr_fd = order.descriptors[1].get();
  program.log_fd = order.descriptors[2].get();
  const auto argv = pointers(program.argv);
  const auto envp = pointers(program.environment);
  become_program(program, argv.data(), envp.data(), order.descriptors[3].get(), limit_descriptors);
}

}  // namespace coldframe
