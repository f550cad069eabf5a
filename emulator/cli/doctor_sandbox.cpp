#include "emulator/cli/doctor_sandbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "emulator/base/unique_fd.hpp"
#include "emulator/base/user_cache.hpp"
#include "emulator/sandbox/choose_network.hpp"
#include "emulator/sandbox/root_layout.hpp"
#include "emulator/sandbox/sandbox_trial.hpp"

namespace coldframe::cli {
namespace {

void line(std::string_view what, const std::string& detail) {
  fmt::print("  {:<20} {}\n", what, detail);
}

void print_none(const std::string& why) {
  line("none", "the host's file system and network, an own process group and session");
  line("why not strict", why);
}

// What puts /tmp on a disk after all; with what goes before it.
const char* disk_remedy(const std::string& note, bool in_user_namespace) {
  if (in_user_namespace) {
    return is_first_user_namespace() ? "; sudo has it on a disk"
                                     : "; outside of this user namespace root has it on a disk";
  }
  if (note.ends_with("is in memory itself")) return "; XDG_CACHE_HOME on a disk helps";
  if (note.find("loop device") != std::string::npos) {
    return "; sudo modprobe loop, or the loop devices for the container, helps";
  }
  return "";
}

void print_tmp(const SandboxTrial& trial, bool in_user_namespace, const std::string& cache,
               bool counts_files) {
  const std::string& note = trial.tmp_note;
  const std::string counts =
      counts_files ? ", so what the function keeps there counts as its memory" : "";
  line("/tmp", note.empty()
                   ? "on a disk, a file below " + cache + " that nobody else sees"
                   : "in memory" + counts + ": " + note + disk_remedy(note, in_user_namespace));
}

// What `--network none` and `open` are made with.
void print_tun(const SandboxTrial& trial) {
  const UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  const int error = errno;
  if (tun && trial.hole_note.empty()) {
    line("/dev/net/tun", "can be used: with --network none connects hang, as in a VPC");
    return;
  }
  std::string text = trial.hole_note;
  if (!tun) {
    text = std::string("cannot be opened: ") + std::strerror(error) +
           (error == EACCES ? is_first_user_namespace()
                                  ? "; sudo chmod 0666 /dev/net/tun helps"
                                  : "; chmod 0666 /dev/net/tun by root of this host helps"
                            : "; sudo modprobe tun, or that device for the container, helps");
  }
  line("/dev/net/tun", text + "; with --network none connects fail at once instead of hanging");
}

void print_network() {
  const auto way_out = find_way_out();
  const auto chosen = choose_network(std::nullopt, way_out);
  if (!chosen) {
    line("network", chosen.error().message);
  } else if (chosen->mode == NetworkMode::open) {
    line("network", "open, through " + chosen->way_out.path);
  } else {
    line("network", std::string(to_text(chosen->mode)) + ", the host's own: " + chosen->why_host);
  }
}

}  // namespace

void print_sandbox(bool counts_files) {
  std::puts("sandbox, as --sandbox auto takes it here:");
  const std::string cache = user_cache_directory();
  auto server = SandboxServer::start(cache);
  if (!server) return print_none(server.error().message);
  const bool in_user_namespace = (*server)->in_user_namespace();
  const auto trial = try_sandbox(**server);
  if (!trial) {
    line("strict", "FAILED: " + trial.error().message + "; --sandbox none does without it");
    return;
  }
  line("strict",
       fmt::format("files, processes, network and system calls as on Lambda, {}; one "
                   "was made in {:.0f} ms",
                   in_user_namespace ? "by a user namespace" : "by root", to_ms(trial->took)));
  print_tmp(*trial, in_user_namespace, cache, counts_files);
  print_network();
  print_tun(*trial);
  if (in_user_namespace) {
    line("this user lacks",
         "the rights of this host's root: files that are closed to others can be read (W4 is "
         "not seen)");
  }
}

}  // namespace coldframe::cli
