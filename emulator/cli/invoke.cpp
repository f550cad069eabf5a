// coldframe invoke: one environment, N invokes, each payload on a line of stdout.
#include "emulator/base/interruption.hpp"
#include "emulator/base/units.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/session.hpp"
#include "emulator/config/event_source.hpp"
#include "emulator/report/advice.hpp"
#include "emulator/report/invoke_json.hpp"
#include "emulator/report/leftovers.hpp"
#include "emulator/report/payload_advice.hpp"
#include "emulator/report/work_watch.hpp"
#include "emulator/validate/judge.hpp"
#include "emulator/violations/violation_log.hpp"

namespace coldframe::cli {
namespace {

struct InvokeOptions {
  RunOptions run;
  EventOptions event;
  std::string repeat = "1";
  std::string json;
};

struct FailedInits final : RecordSink {
  int count = 0;
  void on_init(const InitRecord& record) override {
    if (record.status != InitStatus::success && record.phase == InitPhase::init) ++count;
  }
};

int exit_code(const std::vector<Observation>& seen) {
  bool failed = false;
  bool no_start = false;
  bool started = false;
  for (auto& one : seen) {
    if (one.record.never_started) {
      // Once it has started, an init that fails is no first one: it was an invoke that went wrong.
      (started ? failed : no_start) = true;
    } else {
      started = true;
      failed = failed || one.result.status != InvocationStatus::ok;
    }
  }
  if (no_start && !started) return static_cast<int>(ExitCode::cannot_start);
  return static_cast<int>(failed ? ExitCode::function_failed : ExitCode::ok);
}

std::vector<std::string> reasons(const std::vector<Observation>& seen) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < seen.size() && out.size() < 10; ++i) {
    // The caller's side: what happened after the answer is in the record alone.
    const InvocationStatus status = seen[i].result.status;
    const auto& record = seen[i].record;
    if (status == InvocationStatus::ok) continue;
    std::string what = std::string(": ") + to_text(status);
    if (status == InvocationStatus::function_error) {
      what += ": " + error_summary(seen[i].result);
    } else if (!record.error_type.empty()) {
      what += " (" + record.error_type + ")";
    }
    out.push_back("invocation " + std::to_string(i + 1) + what);
  }
  return out;
}

std::string interruption(int signal, std::size_t made, std::int64_t wanted) {
  return "interrupted by " + signal_text(signal) + " after " + std::to_string(made) + " of " +
         std::to_string(wanted) + " invokes";
}

int run(InvokeOptions& o, const CommandLine& line) {
  o.run.bootstrap = line.bootstrap;
  auto overrides = read_overrides(o.run);
  if (!overrides) return fail(overrides.error());
  auto emulator_options = read_emulator_options(o.run);
  if (!emulator_options) return fail(emulator_options.error());
  auto repeat = parse_integer(o.repeat, "--repeat", 1, 1'000'000);
  if (!repeat) return fail(repeat.error());
  auto file = read_target(o.run, o.run.targets.empty() ? "" : o.run.targets.front(), *overrides);
  if (!file) return fail(file.error());
  if (auto ok = check_invokable(file->config); !ok) return fail(ok.error());
  auto event = read_event(o.event, *file);
  if (!event) return fail(event.error());
  if (!o.json.empty()) {
    if (auto ok = check_result_path(o.json); !ok) return fail(ok.error());
  }
  const auto started = std::chrono::system_clock::now();

  emulator_options->concurrency = 1;
  const FunctionConfig config = file->config;
  Advisor advisor;
  ViolationLog violations;
  Leftovers leftovers;
  FailedInits failed_inits;
  auto session = Session::start(*emulator_options, {config}, o.run.verbose);
  if (!session) return fail(session.error());
  Emulator& emulator = (*session)->emulator();
  emulator.add_record_sink(failed_inits);
  emulator.add_record_sink(advisor);
  violations.add(config.name, circumstances(config, emulator));
  emulator.add_record_sink(violations);
  leftovers.add(config.name, config.tmp_mb);
  emulator.add_record_sink(leftovers);

  const bool json_on_stdout = o.json == "-";
  EmulatedFunction function(emulator, config.name);
  std::vector<Observation> seen;
  int stopped_by = 0;
  std::string about_payload;
  WorkWatch work(config.name);
  for (std::int64_t i = 0; i < *repeat; ++i) {
    auto one = function.invoke(*event);
    if (!one) {
      stopped_by = signal_of(one.error());
      if (stopped_by != 0) break;
      (*session)->finish(static_cast<int>(one.error().code));
      return fail(one.error());
    }
    if (!json_on_stdout) {
      (*session)->out().write(*one->result.payload);
      (*session)->out().write("\n");
    }
    if (about_payload.empty() && one->result.status == InvocationStatus::ok) {
      about_payload = payload_advice(*one->result.payload);
    }
    // Answer and log lines of one invoke stay together, and a slow reader slows us down.
    (*session)->out().flush_now();
    emulator.run_until([&] { return (*session)->out().idle() || (*session)->out().broken(); });
    seen.push_back(std::move(*one));
    if (work.is_wanted(i + 1 == *repeat)) work.saw(emulator.look_for_work(config.name));
  }
  int code = stopped_by != 0 ? 128 + stopped_by : exit_code(seen);
  const std::string stopped = stopped_by == 0 ? "" : interruption(stopped_by, seen.size(), *repeat);
  Result<void> written;
  if (!o.json.empty()) {
    auto head = result_head("invoke", started, emulator_options->seed, config, emulator, o.run);
    head.exit_code = static_cast<ExitCode>(code);
    head.reasons = reasons(seen);
    if (stopped_by != 0) head.reasons = {stopped};
    const std::string text = invoke_json(head, seen);
    if (json_on_stdout) {
      (*session)->out().write(text);
    } else {
      written = write_result(o.json, text);
    }
  }
  code = (*session)->finish(code);
  if (!written) return fail(written.error());
  if (stopped_by == SIGPIPE) return code;  // who has closed stdout knows it
  if (stopped_by != 0) return fail({static_cast<ExitCode>(code), stopped});
  if (code == 0 && failed_inits.count > 0) {
    warn(
        "the first init failed and a repetition worked; on Lambda this costs a second init, "
        "billed inside the invoke");
  }
  if (!about_payload.empty()) note(about_payload);
  const bool cut_off = emulator.was_cut_off();
  if (cut_off) violations.leave_out("W36");
  for (const auto& text : violations.notes())
    note(text);
  for (const auto& text : work.notes())
    note(text);
  for (const auto& text : leftovers.notes())
    note(text);
  for (const auto& text :
       advisor.advice(config, {.ended_well = code == 0,
                              .cut_off = cut_off,
                              .is_explained = violations.explains_an_end(),
                              .tmp_counts_as_memory = emulator.counts_tmp_as_memory()}))
    note(text);
  return code;
}

}  // namespace

void add_invoke(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<InvokeOptions>();
  auto* command = app.add_subcommand("invoke", "send a function an event, print its answer");
  auto& o = *options;
  add_event_options(*command, o.event, "the event; - reads standard input");
  command->add_option("--repeat", o.repeat, "invoke N times: first cold, rest warm")
      ->type_name("N");
  command->add_option("--json", o.json, "write a result file; - for stdout")->type_name("FILE");
  add_run_options(*command, o.run);
  add_trace_option(*command, o.run);
  command->footer(
      "Example:\n  coldframe invoke function/scoring -e fixtures/events/scoring.json --repeat 5");
  command->callback([options, &line] { line.exit_code = run(*options, line); });
}

}  // namespace coldframe::cli
