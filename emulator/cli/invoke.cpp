// coldframe invoke: one environment, N invokes, each payload on a line of stdout.
#include <algorithm>

#include "emulator/base/units.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/session.hpp"
#include "emulator/config/event_source.hpp"
#include "emulator/model/platform_log.hpp"

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

// What to try next, when the outcome suggests it.
void advise(const FunctionConfig& config, const std::vector<Observation>& seen) {
  std::int64_t peak = 0;
  bool timed_out = false;
  for (auto& one : seen) {
    timed_out = timed_out || one.result.status == InvocationStatus::timeout;
    peak = std::max(peak, one.record.max_memory_used_bytes.value_or(0));
  }
  if (timed_out) {
    note("timed out after " + std::to_string(config.timeout_s) + " s; try --timeout " +
         std::to_string(std::min(config.timeout_s * 3, limits::k_timeout_max_s)));
  }
  if (const auto used = whole_megabytes(peak); used > config.memory_mb) {
    const auto suggestion = std::min<std::int64_t>((used * 115 / 100 + 63) / 64 * 64, 10240);
    note("used " + std::to_string(used) + " MB of " + std::to_string(config.memory_mb) +
         ": Lambda would have killed it (nothing is limited here); try --memory " +
         std::to_string(suggestion));
  }
}

int exit_code(const std::vector<Observation>& seen, int failed_inits) {
  bool failed = false;
  bool worked = false;
  bool no_start = false;
  for (auto& one : seen) {
    if (one.result.status == InvocationStatus::init_error) {
      no_start = true;
    } else if (one.result.status == InvocationStatus::ok) {
      worked = true;
    } else {
      failed = true;
    }
  }
  if (no_start && !worked) return static_cast<int>(ExitCode::cannot_start);
  if (failed) return static_cast<int>(ExitCode::function_failed);
  if (failed_inits > 0) {
    warn("the first init failed and a repetition worked; on Lambda this costs a second init, "
         "billed inside the invoke");
  }
  return 0;
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
  auto event = read_event(o.event, *file);
  if (!event) return fail(event.error());

  emulator_options->concurrency = 1;
  const FunctionConfig config = file->config;
  auto session = Session::start(*emulator_options, {config});
  if (!session) return fail(session.error());
  Emulator& emulator = (*session)->emulator();
  FailedInits failed_inits;
  emulator.add_record_sink(failed_inits);

  EmulatedFunction function(emulator, config.name);
  std::vector<Observation> seen;
  for (std::int64_t i = 0; i < *repeat; ++i) {
    auto one = function.invoke(*event);
    if (!one) {
      const int code = (*session)->finish(static_cast<int>(one.error().code));
      return emulator.interrupted_by() != 0 ? code : fail(one.error());
    }
    (*session)->out().write(*one->result.payload);
    (*session)->out().write("\n");
    seen.push_back(std::move(*one));
  }
  const int code = (*session)->finish(exit_code(seen, failed_inits.count));
  advise(config, seen);
  return code;
}

}  // namespace

void add_invoke(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<InvokeOptions>();
  auto* command = app.add_subcommand("invoke", "start the function, send it an event, print the answer");
  auto& o = *options;
  command->add_option("-e,--event-file", o.event.file, "the event; - reads standard input")->type_name("FILE");
  auto* text = command->add_option("--event", o.event.text, "the event itself")->type_name("JSON");
  auto* body = command->add_option("--body", o.event.body, "a body to build an event around, with --as")->type_name("TEXT");
  command->add_option("--as", o.event.envelope, "apigw-v1, apigw-v2, url or alb")->type_name("FRONT");
  command->add_option("--repeat", o.repeat, "invoke N times: first cold, rest warm")->type_name("N");
  command->add_option("--json", o.json, "write a result file; - for stdout")->type_name("FILE");
  add_run_options(*command, o.run);
  command->footer("Example:\n  coldframe invoke function/scoring -e fixtures/events/scoring.json --repeat 5");
  command->callback([options, text, body, &line] {
    options->event.has_text = text->count() > 0;
    options->event.has_body = body->count() > 0;
    line.exit_code = run(*options, line);
  });
}

}  // namespace coldframe::cli
