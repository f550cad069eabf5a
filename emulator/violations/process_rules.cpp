// Descriptors, processes and threads: W9, W30.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/cgroup/cpu_share.hpp"
#include "emulator/violations/rules.hpp"

namespace coldframe {
namespace {

using Kind = SystemErrorKind;

// Who waits for something costs nothing, and a JVM has some twenty of its own: so only far more, of
// a function that was too slow.
constexpr int k_many_threads = 32;
constexpr int k_many_threads_a_cpu = 8;

std::string pool_advice(const Circumstances& in) {
  return fmt::format(
      "{} MB have {} vCPUs on Lambda: set OMP_NUM_THREADS and OPENBLAS_NUM_THREADS to that, and "
      "size other pools by it, not by the host's cores",
      in.memory_mb, visible_vcpus(in.memory_mb));
}

bool cannot_make_thread(const ShownError& error) {
  if (contains_any(error.text, {"can't start new thread", "unable to create native thread",
                                "failed to create new OS thread", "ERR_WORKER_INIT_FAILED"})) {
    return true;
  }
  if (!error.system || error.system->kind != Kind::try_again) return false;
  // EAGAIN is also what a socket says that has nothing to read.
  return contains_any(error.system->before, {"fork", "clone", "spawn", "thread", "pthread"}) ||
         contains_any(error.stack, {"os.fork(", "_posixsubprocess", "subprocess.py", "popen_fork"});
}

}  // namespace

std::optional<Violation> thread_pools(const ShownError& error, const Circumstances& in) {
  if (contains_any(error.text, {"OpenBLAS blas_thread_init: pthread_create failed",
                                "libgomp: Thread creation failed", "OMP: Error #34"})) {
    return Violation{"W30",
                     "a library's thread pool is larger than Lambda allows; " + pool_advice(in)};
  }
  const int many = std::max(k_many_threads, k_many_threads_a_cpu * visible_vcpus(in.memory_mb));
  if (error.type == "Sandbox.Timedout" && in.threads.value_or(0) > many) {
    return Violation{"W30", fmt::format("it had {} threads; {}", *in.threads, pool_advice(in))};
  }
  return std::nullopt;
}

std::optional<Violation> descriptors(const ShownError& error, const Circumstances&) {
  if (!error.system || error.system->kind != Kind::too_many_files) return std::nullopt;
  return Violation{"W9",
                   "1024 open files and sockets are the most that Lambda allows; close them, also "
                   "those that earlier invokes left open"};
}

std::optional<Violation> threads(const ShownError& error, const Circumstances& in) {
  if (!cannot_make_thread(error)) return std::nullopt;
  return Violation{"W9",
                   fmt::format("1024 processes and threads are the most that Lambda allows; end "
                               "those of earlier invokes, and use a pool: {} MB have {} vCPUs",
                               in.memory_mb, visible_vcpus(in.memory_mb))};
}

}  // namespace coldframe
