// Gives the loop a descriptor to watch, or closes it.
//
//   if (const int problem = assign_stream(stream, std::move(fd)); problem != 0) …
//
// Returns 0, or errno: ENOSPC, ENOMEM where epoll has no room for one more. I/O thread only.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

inline int assign_stream(boost::asio::posix::stream_descriptor& stream, UniqueFd fd) {
  boost::system::error_code error;
  stream.assign(fd.get(), error);
  if (error) return error.value();
  (void)fd.release();
  return 0;
}

}  // namespace coldframe
