// Every record that the emulator gives out, in order.
//
//   RecordingSink records;
//   emulator->add_record_sink(records);
//   EXPECT_EQ(records.invocations.back().status, InvocationStatus::ok);
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "emulator/model/record.hpp"

namespace coldframe::testing {

class RecordingSink final : public RecordSink {
 public:
  void on_init(const InitRecord& record) override { inits.push_back(record); }
  void on_invocation(const InvocationRecord& record) override { invocations.push_back(record); }
  // How many records there are of this request; a finished invoke has exactly one.
  int count(const std::string& request_id) const {
    return static_cast<int>(
        std::count_if(invocations.begin(), invocations.end(),
                      [&](const InvocationRecord& r) { return r.request_id == request_id; }));
  }

  std::vector<InitRecord> inits;
  std::vector<InvocationRecord> invocations;
};

}  // namespace coldframe::testing
