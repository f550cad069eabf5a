// Invokes of one function that wait because its files are changing, so that none is answered by the
// code of before an edit:
//
//   InvokeGate gate([&] { return watcher->settling(); });
//   if (gate.closed()) return gate.hold(std::move(invocation));
//   for (auto& one : gate.open()) pool.submit(std::move(one));        // once that is over
//
// It is asked anew for each invoke. Whoever made it also sees to it that it is opened, soon.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "emulator/model/invoke.hpp"

namespace coldframe {

class InvokeGate {
 public:
  explicit InvokeGate(std::function<bool()> changing) : changing_(std::move(changing)) {}

  bool closed() const { return !held_.empty() || changing_(); }
  void hold(InvocationPtr invocation) {
    if (invocation->request.type == InvocationType::event) {
      ++events_;
      event_bytes_ += invocation->request.payload->size();
    }
    held_.push_back(std::move(invocation));
  }
  // Those that waited, in the order they came.
  std::vector<InvocationPtr> open() {
    events_ = event_bytes_ = 0;
    return std::exchange(held_, {});
  }
  std::size_t events() const { return events_; }
  std::size_t event_bytes() const { return event_bytes_; }

 private:
  std::function<bool()> changing_;
  std::vector<InvocationPtr> held_;
  std::size_t events_ = 0;
  std::size_t event_bytes_ = 0;
};

}  // namespace coldframe
