// Looks, from the loop, at what the function in a box tries: packets that lead nowhere, and calls
// of a traced run, which wait until they were looked at. Private to box.cpp.
//
// Cheap whatever the function does: packets are read at most 20 times a second, 500 at a time; what
// comes faster is lost. Shared with the callbacks of the loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/deny_trace.hpp"
#include "emulator/sandbox/sandbox_findings.hpp"

namespace coldframe {

class BoxObserver : public std::enable_shared_from_this<BoxObserver> {
 public:
  BoxObserver(boost::asio::io_context& io, std::shared_ptr<FunctionFindings> findings)
      : findings_(std::move(findings)), hole_(io), pause_(io), trace_stream_(io) {}
  ~BoxObserver() { forget_trace(); }
  BoxObserver(const BoxObserver&) = delete;
  BoxObserver& operator=(const BoxObserver&) = delete;

  // `tun` stays the caller's.
  void watch_hole(int tun);
  // Of the processes that are to come; those of the listener before have gone.
  void watch_trace(UniqueFd listener);
  // A last look. All processes have gone.
  void stop();

 private:
  void await_packet();
  void read_hole();
  void await_call();
  void forget_trace();

  std::shared_ptr<FunctionFindings> findings_;
  boost::asio::posix::stream_descriptor hole_;
  boost::asio::steady_timer pause_;
  std::unique_ptr<DenyTrace> trace_;
  boost::asio::posix::stream_descriptor trace_stream_;  // its descriptor, not owned
};

}  // namespace coldframe
