#include "emulator/violations/violation_log.hpp"

#include <algorithm>

#include "emulator/violations/host_paths.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_most_output = 8 * 1024;
constexpr std::size_t k_most_environments = 2000;  // with output that no invoke has claimed
constexpr std::size_t k_most_notes = 100;
constexpr std::ptrdiff_t k_most_of_an_id = 10;  // of a function: a path may be another each time

}  // namespace

void ViolationLog::add(const std::string& function, Circumstances circumstances) {
  functions_[function] = std::move(circumstances);
  told_.erase(function);
}

void ViolationLog::on_output(const std::string& environment_id, std::string_view text) {
  if (output_.size() >= k_most_environments) output_.clear();
  std::string& output = output_[environment_id];
  // The end of a traceback says what went wrong.
  if (text.size() > k_most_output) text = text.substr(text.size() - k_most_output);
  if (output.size() + text.size() > 2 * k_most_output) {
    output.erase(0, output.size() - std::min(output.size(), k_most_output));
  }
  for (const char c : text)  // clients write lines of one event with CR between them
    output += c == '\r' ? '\n' : c;
  output += '\n';
}

void ViolationLog::on_init(const InitRecord& record) {
  // A client that has reported an error exits.
  const bool just_ended = !record.error_body && record.error_type == "Runtime.ExitError";
  judge({record.function, record.environment_id, record.status != InitStatus::success,
         record.error_body, std::nullopt, just_ended ? record.exit_reason : ""});
}

void ViolationLog::on_invocation(const InvocationRecord& record) {
  const bool just_ended = record.status == InvocationStatus::exit && !record.never_started;
  judge({record.function, record.environment_id, record.status != InvocationStatus::ok,
         record.error_body, record.threads_at_timeout, just_ended ? record.exit_reason : ""});
}

void ViolationLog::judge(const Ending& ending) {
  const std::string& function = ending.function;
  if (!ending.failed && output_.empty()) return;
  const auto found = output_.find(ending.environment_id);
  if (!ending.failed && found == output_.end()) return;
  std::string output;
  if (found != output_.end()) {
    output = std::move(found->second);
    output_.erase(found);
    if (output.size() > k_most_output) output.erase(0, output.size() - k_most_output);
  }
  for (const auto& cost : explain_costs(output))
    keep(function, cost, true);
  if (!ending.failed) return;
  const auto known = functions_.find(function);
  Circumstances in = known != functions_.end() ? known->second : Circumstances();
  in.threads = ending.threads;
  const std::string_view body = ending.error_body ? std::string_view(*ending.error_body) : "";
  // A reason for whatever followed, the end of the process too.
  std::vector<std::string> missing;
  if (in.is_on_host_only) missing = missing_paths(output + "\n" + std::string(body));
  const auto outside = std::find_if(missing.begin(), missing.end(), in.is_on_host_only);
  Evidence evidence = read_evidence(body, output);
  if (outside == missing.end()) evidence.ended = ending.exit_reason;
  for (const auto& violation : explain_failure(evidence, in))
    keep(function, violation, false);
  if (outside == missing.end()) return;
  const std::string is_outside =
      "'" + *outside + "' is there on this host, but not in the strict sandbox: ";
  // Found in the caller's PATH, as a script that leads elsewhere (pyenv).
  const bool is_bare_python =
      in.program.starts_with("python") && in.program.find('/') == std::string::npos;
  keep(function,
       {"", is_outside + (is_bare_python
                              ? "the " + in.program +
                                    " of your PATH leads there; make a virtual environment beside "
                                    "function.json (python3 -m venv .venv && .venv/bin/pip install "
                                    "awslambdaric), or name an interpreter in EntryPoint"
                              : "a function has its own directory, as /var/task, and the system's; "
                                "put it there, or try --sandbox none")},
       false);
}

void ViolationLog::keep(const std::string& function, const Violation& violation, bool is_cost) {
  auto& told = told_[function];
  const auto of_this_id = std::count_if(told.begin(), told.end(),
                                        [&](const auto& one) { return one.first == violation.id; });
  if (of_this_id >= k_most_of_an_id || !told.emplace(violation.id, violation.text).second) return;
  functions_by_id_[violation.id].insert(function);
  std::string text = (violation.id.empty() ? "" : violation.id + ": ") + violation.text;
  if (tell_) {
    tell_(functions_.size() > 1 ? "'" + function + "': " + text : text);
  } else if (notes_.size() < k_most_notes) {
    notes_.push_back({violation.id, std::move(text), is_cost});
  }
}

void ViolationLog::leave_out(const std::string& id) {
  std::erase_if(notes_, [&](const Note& note) { return note.id == id; });
}

std::set<std::string> ViolationLog::functions_with(const std::string& id) const {
  const auto found = functions_by_id_.find(id);
  return found != functions_by_id_.end() ? found->second : std::set<std::string>();
}

bool ViolationLog::explains_an_end() const {
  // The last: a path that only this host has.
  constexpr std::string_view k_ends[] = {"W12", "W17", "W21", "W34", ""};
  return std::any_of(std::begin(k_ends), std::end(k_ends), [this](std::string_view id) {
    return functions_by_id_.contains(std::string(id));
  });
}

std::vector<std::string> ViolationLog::notes(bool ended_well) const {
  std::vector<std::string> texts;
  for (const auto& note : notes_) {
    if (!ended_well || note.is_cost) texts.push_back(note.text);
  }
  return texts;
}

}  // namespace coldframe
