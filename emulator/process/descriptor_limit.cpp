#include "emulator/process/descriptor_limit.hpp"

#include <sys/resource.h>

namespace coldframe {
namespace {

rlimit g_before{};
bool g_raised = false;

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (g_raised || ::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) {
    return;
  }
  g_before = limit;
  limit.rlim_cur = limit.rlim_max;
  g_raised = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

void restore_descriptor_limit() {
  if (g_raised) ::setrlimit(RLIMIT_NOFILE, &g_before);
}

}  // namespace coldframe
