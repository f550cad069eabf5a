#include "emulator/sandbox/loop_device.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace coldframe {
namespace {

constexpr int k_attempts = 100;
// These are there from the beginning and not ours to remove.
constexpr int k_usual_devices = 8;

}  // namespace

Result<LoopDevice> attach_loop_device(int file) {
  const auto failed = [](const std::string& step) {
    return host_error("no loop device: " + step + ": " + std::strerror(errno));
  };
  const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return failed("/dev/loop-control");
  loop_config config{};
  config.fd = static_cast<__u32>(file);
  config.block_size = 4096;
  // Direct: what the function writes is not cached, and charged to its memory, twice. Where the
  // file's file system cannot do that, the kernel goes without.
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
  LoopDevice loop;
  int last_error = EBUSY;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    loop.number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (loop.number < 0) return failed("LOOP_CTL_GET_FREE");
    loop.path = "/dev/loop" + std::to_string(loop.number);
    loop.fd.reset(::open(loop.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!loop.fd) {
      // Somebody may have removed it meanwhile.
      last_error = errno;
      if (errno == ENOENT || errno == ENXIO || errno == ENODEV) continue;
      return failed(loop.path);
    }
    if (::ioctl(loop.fd.get(), LOOP_CONFIGURE, &config) == 0) return loop;
    last_error = errno;
    if (errno != EBUSY) return failed("LOOP_CONFIGURE of " + loop.path);
  }
  errno = last_error;
  // As in a container whose /dev is not the kernel's own.
  if (errno == ENOENT) return failed("the kernel has one that is free, /dev has no " + loop.path);
  return failed("others took each that was free");
}

void remove_loop_device(int number) {
  if (number < k_usual_devices) return;
  const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (control) ::ioctl(control.get(), LOOP_CTL_REMOVE, number);
}

}  // namespace coldframe
