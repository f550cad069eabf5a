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
#include <vector>

#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/deny_trace.hpp"
#include "emulator/sandbox/sandbox_findings.hpp"

namespace coldframe {

class BoxObserver : public std::enable_shared_from_this<BoxObserver> {
 public:
  BoxObserver(boost::asio::io_context& io, std::shared_ptr<FunctionFindings> findings)
      : findings_(std::move(findings)), io_(io), hole_(io), pause_(io) {}
  ~BoxObserver() { forget_traces(); }
  BoxObserver(const BoxObserver&) = delete;
  BoxObserver& operator=(const BoxObserver&) = delete;

  // `tun` stays the caller's.
  void watch_hole(int tun);
  // Of the process that is to come, and those that it starts.
  void watch_trace(UniqueFd listener);
  // A last look. All processes have gone.
  void stop();

 private:
  void await_packet();
  void read_hole();
  struct Trace;
  void await_call(const std::shared_ptr<Trace>& trace);
  void forget(Trace& trace);
  void forget_traces();

  std::shared_ptr<FunctionFindings> findings_;
  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor hole_;
  boost::asio::steady_timer pause_;
  std::vector<std::shared_ptr<Trace>> traces_;
};

}  // namespace coldframe
