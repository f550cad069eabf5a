// A loop alone, for tests of what lives on one.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

#include "tests/support/pump.hpp"

namespace coldframe::testing {

class LoopPump : public Pump {
 public:
  // What is ready, and what comes within a moment.
  void turn() override {
    io.restart();
    io.run_one_for(std::chrono::milliseconds(1));
    io.poll();
  }
  // What is ready now.
  void settle() {
    io.restart();
    io.poll();
  }
  bool until(const std::function<bool()>& condition) { return pump_until(*this, condition); }

  boost::asio::io_context io;
};

}  // namespace coldframe::testing
