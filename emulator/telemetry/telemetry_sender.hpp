// Delivers to one subscriber what its buffer gathers: over HTTP, a request with a JSON array for
// each delivery, or over TCP, a line for each event.
//
//   auto sender = std::make_shared<TelemetrySender>(io, clock, timers, open, subscription);
//   sender->push(event);
//   sender->flush();                                    // what there is, without further waiting
//   sender->close();
//
// One delivery is under way at a time, and is tried again until it was taken: a subscriber that
// does not keep up loses what its buffer has no room for, and is told how much. Nobody waits for
// it. Shared with the callbacks of the loop; I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/base/lazy_timer.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/telemetry/telemetry_buffer.hpp"

namespace coldframe {

// Gives a TCP socket, not connected, of the network in which the subscriber lives; perhaps before
// it returns.
using OpenSocket = std::function<void(std::function<void(Result<UniqueFd>)>)>;

class TelemetrySender : public std::enable_shared_from_this<TelemetrySender> {
 public:
  TelemetrySender(boost::asio::io_context& io, const Clock& clock, Timers& timers, OpenSocket open,
                  TelemetrySubscription subscription);

  void push(std::string event);
  void flush();
  // Nothing is sent any more, also what is under way.
  void close();
  const TelemetrySubscription& subscription() const { return subscription_; }

 private:
  void look();
  void begin();
  void try_it();
  void on_socket(UniqueFd fd);
  void write();
  void read_reply();
  void delivered();
  void failed();
  template <typename Next>
  auto then(Next next);

  boost::asio::io_context& io_;
  const Clock& clock_;
  Timers& timers_;
  OpenSocket open_;
  TelemetrySubscription subscription_;
  TelemetryBuffer buffer_;
  std::optional<LazyTimer> due_;  // none once it is closed: then it may outlive the timers
  TimerId retry_;
  boost::asio::ip::tcp::socket socket_;
  std::string out_;  // the delivery that is under way
  std::string in_;
  int tries_ = 0;
  bool sending_ = false;
  bool flushing_ = false;
  bool closed_ = false;
};

}  // namespace coldframe
