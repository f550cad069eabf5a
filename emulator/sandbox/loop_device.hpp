// A file as a block device, for as long as somebody uses it.
//
//   auto loop = attach_loop_device(file.get());
//   mount … loop->path … ; loop->fd.reset();     // goes by itself when the mount goes
//
// Blocks for a millisecond or so. Any thread.
#pragma once

#include <string>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

struct LoopDevice {
  int number = -1;
  std::string path;  // "/dev/loop3"
  UniqueFd fd;       // the kernel frees the device when this and all mounts of it are closed
};

// Takes a free device; another program may be faster, so it tries again for a while. `file`: open
// for reading and writing, its size a multiple of 4096. Errors (exit code 4): no loop devices on
// this host, no permission (always in a user namespace), or none was to be had.
Result<LoopDevice> attach_loop_device(int file);

// Removes the node of a device that the kernel made on demand, if nobody uses it; else nothing.
void remove_loop_device(int number);

}  // namespace coldframe
