// Watches what functions show and explains, after a failed init or invoke, what Lambda forbids: a
// note for each function and text, once; at most ten with the same id.
//
//   ViolationLog violations;                         // outlives the emulator's last call
//   violations.add("scoring", circumstances);
//   violations.on_found([&](const std::string& text) { emulator.log(note_line(text)); });
//   emulator.add_record_sink(violations);
//
// Without on_found() what was found is kept for notes(), the first hundred. Of an environment the
// last 8 KB that it has printed since its last invoke are kept. I/O thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emulator/model/record.hpp"
#include "emulator/violations/explain.hpp"

namespace coldframe {

class ViolationLog final : public RecordSink {
 public:
  // What a function runs in; one that was never added runs in the default circumstances. Added once
  // more it is another one, of which nothing has been told.
  void add(const std::string& function, Circumstances circumstances);
  // Called at once for each finding, with "W1: …"; with several functions their name goes before.
  void on_found(std::function<void(const std::string&)> tell) { tell_ = std::move(tell); }
  // "W1: …" in the order of their finding. `ended_well`: failures were wanted, only what costs
  std::vector<std::string> notes(bool ended_well = false) const;
  // Those with this id are not among notes(), because somebody else tells them.
  void leave_out(const std::string& id);
  // Functions of which something with this id was told or kept, also before they were added anew.
  std::set<std::string> functions_with(const std::string& id) const;

  // Whether something was told or kept that explains why a process ended.
  bool explains_an_end() const;

  void on_output(const std::string& environment_id, std::string_view text) override;
  void on_init(const InitRecord& record) override;
  void on_invocation(const InvocationRecord& record) override;
  bool wants_cpu() const override { return false; }

 private:
  struct Note {
    std::string id;
    std::string text;
    bool is_cost;
  };
  // How an init or an invoke has ended.
  struct Ending {
    const std::string& function;
    const std::string& environment_id;
    bool failed;
    const Payload& error_body;
    std::optional<int> threads{};
    std::string exit_reason{};  // of a process that ended instead of answering
  };
  void judge(const Ending& ending);
  void keep(const std::string& function, const Violation& violation, bool is_cost);

  std::map<std::string, Circumstances> functions_;
  std::function<void(const std::string&)> tell_;
  std::unordered_map<std::string, std::string> output_;  // by environment
  // By function: id and text.
  std::map<std::string, std::set<std::pair<std::string, std::string>>> told_;
  std::map<std::string, std::set<std::string>> functions_by_id_;
  std::vector<Note> notes_;
};

}  // namespace coldframe
