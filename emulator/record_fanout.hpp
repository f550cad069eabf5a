// One RecordSink in front of several. Not their owner; I/O thread only.
#pragma once

#include <algorithm>
#include <vector>

#include "emulator/model/record.hpp"

namespace coldframe {

class RecordFanout final : public RecordSink {
 public:
  void add(RecordSink& sink) { sinks_.push_back(&sink); }
  void remove(RecordSink& sink) { std::erase(sinks_, &sink); }
  void on_init(const InitRecord& record) override {
    for (auto* sink : sinks_)
      sink->on_init(record);
  }
  void on_invocation(const InvocationRecord& record) override {
    for (auto* sink : sinks_)
      sink->on_invocation(record);
  }
  void on_output(const std::string& environment_id, std::string_view text) override {
    for (auto* sink : sinks_)
      sink->on_output(environment_id, text);
  }
  bool wants_cpu() const override {
    return std::any_of(sinks_.begin(), sinks_.end(), [](auto* sink) { return sink->wants_cpu(); });
  }
  bool wants_leftovers() const override {
    return std::any_of(sinks_.begin(), sinks_.end(),
                       [](auto* sink) { return sink->wants_leftovers(); });
  }

 private:
  std::vector<RecordSink*> sinks_;
};

}  // namespace coldframe
