#include "emulator/sandbox/sandbox_findings.hpp"

#include <algorithm>

namespace coldframe {
namespace {

constexpr std::size_t k_most_text = 250;
constexpr std::size_t k_most_notes = 20;  // about denied calls, of one function

// With its number in the list of failures; empty: nothing that the sandbox denies.
std::string denied_text(const DeniedCall& call, const std::string& who) {
  switch (call.kind) {
    case DeniedKind::write:
      return "W1: " + who + "open '" + call.target + "' for writing";
    case DeniedKind::make_directory:
      return "W1: " + who + "make the directory '" + call.target + "'";
    case DeniedKind::make:
      return "W1: " + who + "make '" + call.target + "'";
    case DeniedKind::rename:
      return "W1: " + who + "rename '" + call.target + "'";
    case DeniedKind::remove:
      return "W1: " + who + "remove '" + call.target + "'";
    case DeniedKind::change:
      return "W1: " + who + "change '" + call.target + "'";
    case DeniedKind::read:
      return "W4: " + who + "read '" + call.target + "', which is closed to sbx_user1051";
    case DeniedKind::shared_memory:
      return "W6: " + who + "use shared memory '" + call.target + "'";
    case DeniedKind::connect:
      break;  // the network tells
  }
  return "";
}

void add_denied(std::vector<std::string>& notes, const DeniedCalls& denied,
                const std::string& subject, bool ended_well) {
  const std::string who = subject + " was denied" + (ended_well ? ", and hid it: " : ": ");
  std::size_t said = 0;
  std::size_t left_out = denied.more();
  for (const auto& call : denied.calls()) {
    const std::string text = denied_text(call, who);
    if (text.empty()) continue;
    if (said == k_most_notes) {
      ++left_out;
    } else {
      notes.push_back(text);
      ++said;
    }
  }
  if (left_out > 0) {
    notes.push_back(subject + " was denied " + std::to_string(left_out) +
                    " calls more, which may be repetitions");
  }
}

}  // namespace

std::string listed(const AttemptList& attempts) {
  std::string text;
  std::size_t said = 0;
  for (const auto& attempt : attempts.attempts()) {
    if (said > 0 && text.size() + attempt.size() > k_most_text) break;
    text += (said > 0 ? ", " : "") + attempt;
    ++said;
  }
  const std::size_t more = attempts.attempts().size() - said + attempts.more();
  return more > 0 ? text + " and " + std::to_string(more) + " more" : text;
}

std::shared_ptr<FunctionFindings> SandboxFindings::of(const std::string& function) {
  auto& found = functions_[function];
  if (!found) found = std::make_shared<FunctionFindings>();
  return found;
}

void SandboxFindings::tell(const std::string& text) {
  if (std::find(told_.begin(), told_.end(), text) != told_.end()) return;
  told_.push_back(text);
  if (!listener_) return;
  passed_on_ = told_.size();
  listener_(text);
}

void SandboxFindings::on_note(std::function<void(const std::string&)> listener) {
  listener_ = std::move(listener);
}

bool SandboxFindings::has_attempts() const {
  return std::any_of(functions_.begin(), functions_.end(),
                     [](const auto& one) { return !one.second->attempts.attempts().empty(); });
}

std::vector<std::string> SandboxFindings::notes(bool ended_well,
                                                const std::set<std::string>& advised) const {
  std::vector<std::string> notes(told_.begin() + static_cast<std::ptrdiff_t>(passed_on_),
                                 told_.end());
  for (const auto& [name, found] : functions_) {
    const std::string subject = functions_.size() == 1 ? "the function" : "'" + name + "'";
    if (!found->attempts.attempts().empty()) {
      notes.push_back("W36: " + subject + " tried to reach " + listed(found->attempts) +
                      "; with --network none, as in a VPC without a route, connects hang" +
                      (ended_well || advised.contains(name)
                           ? ""
                           : "; put what is fetched into the image, or give the function a "
                             "route: --network open has one"));
    }
    add_denied(notes, found->denied, subject, ended_well);
  }
  return notes;
}

}  // namespace coldframe
