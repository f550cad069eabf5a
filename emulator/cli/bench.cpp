// coldframe bench cold | warm: latency with honest intervals.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "emulator/base/units.hpp"
#include "emulator/bench/cold_bench.hpp"
#include "emulator/bench/warm_bench.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/measuring.hpp"
#include "emulator/config/event_source.hpp"
#include "emulator/report/advice.hpp"
#include "emulator/report/bench_json.hpp"
#include "emulator/report/bench_text.hpp"
#include "emulator/validate/judge.hpp"
#include "emulator/violations/violation_log.hpp"

namespace coldframe::cli {
namespace {

struct BenchCommand {
  RunOptions run;
  EventOptions event;
  std::string starts = "40", launches = "30", calls = "50";
  std::string max_time, json;
  std::vector<std::string> thresholds;
};

std::string source_of(const EventOptions& o, const FunctionFile& file) {
  if (o.body) return "--body as " + o.envelope;
  if (o.text) return "--event";
  if (o.file == "-") return "standard input";
  if (!o.file.empty()) return o.file;
  return file.event.empty() ? "{}" : file.event.string();
}

// Figures of {} look like any others, and are seldom those that somebody wanted.
void tell_of_empty_event(const GoldenSuite& suite) {
  const std::string why =
      suite.cases.empty()
          ? "there is no event, no Coldframe.Event and no golden tagged smoke"
          : fmt::format(
                "there are goldens ({} case{}), but none has the tag smoke, and there is no "
                "Coldframe.Event",
                suite.cases.size(), suite.cases.size() == 1 ? "" : "s");
  note("every call sends {}: " + why + "; give one with -e FILE");
}

// The events of a run: the one that was given, else the goldens' cases tagged `smoke`, whose
// answers are checked while they are timed, else Coldframe.Event, else {}.
Result<void> choose_events(const BenchCommand& o, const FunctionFile& file, BenchOptions& out,
                           GoldenSuite& suite) {
  if (!o.event.given() && !file.goldens.empty()) {
    auto files = golden_files({}, file, false);
    auto read = read_goldens(*files);
    if (!read) return read.error();
    suite = std::move(*read);
    const auto cases = suite.tagged("smoke");
    if (!cases.empty()) {
      out.event_source = "smoke goldens";
      for (const auto* one : cases)
        out.events.push_back(one->event);
      out.check = [cases](std::size_t i, const InvokeResult& result) -> std::optional<std::string> {
        const auto& golden = *cases[i % cases.size()];
        if (judge(golden, result, {}).status == CaseStatus::pass) return std::nullopt;
        return "the answer to '" + golden.id + "' is wrong";
      };
      return {};
    }
  }
  auto event = read_event(o.event, file);
  if (!event) return event.error();
  out.events.push_back(std::move(*event));
  out.event_source = source_of(o.event, file);
  if (!o.event.given() && file.event.empty()) tell_of_empty_event(suite);
  return {};
}

Result<std::size_t> count(const std::string& text, const char* what, std::int64_t least) {
  auto value = parse_integer(text, what, least, 1'000'000);
  if (!value) return value.error();
  return static_cast<std::size_t>(*value);
}

Result<BenchOptions> read_options(const BenchCommand& o) {
  BenchOptions out;
  for (const auto& text : o.thresholds) {
    auto threshold = parse_threshold(text);
    if (!threshold) return threshold.error();
    out.thresholds.push_back(std::move(*threshold));
  }
  if (!o.max_time.empty()) {
    auto limit = parse_duration(o.max_time, "--max-time");
    if (!limit) return limit.error();
    out.max_time = *limit;
  }
  if (!o.json.empty()) {
    if (auto ok = check_result_path(o.json); !ok) return ok.error();
  }
  return out;
}

int run(BenchCommand& o, const CommandLine& line, bool cold) {
  if (o.run.trace_denied) {
    return fail(
        usage_error("--trace-denied slows down the calls that it looks at, so bench does not time "
                    "them; give it "
                    "to invoke, serve or validate"));
  }
  auto prepared = prepare(o.run, line.bootstrap);
  if (!prepared) return fail(prepared.error());
  auto options = read_options(o);
  if (!options) return fail(options.error());
  auto launches = cold ? count(o.starts, "--starts", 1) : count(o.launches, "--launches", 1);
  if (!launches) return fail(launches.error());
  auto calls = count(o.calls, "--calls", 2);
  if (!calls) return fail(calls.error());
  GoldenSuite suite;
  if (auto ok = choose_events(o, prepared->file, *options, suite); !ok) return fail(ok.error());

  QuietLog quiet;
  if (!o.run.verbose) prepared->emulator.log = &quiet;
  const FunctionConfig& config = prepared->file.config;
  Advisor advisor;
  ViolationLog violations;
  auto session = Session::start(prepared->emulator, {config}, o.run.verbose);
  if (!session) return fail(session.error());
  (*session)->emulator().add_record_sink(advisor);
  (*session)->emulator().add_record_sink(quiet);
  violations.add(config.name, circumstances(config, (*session)->emulator()));
  (*session)->emulator().add_record_sink(violations);
  ProgressLine progress;
  options->progress = [&](const BenchProgress& p) {
    progress.show(std::string(cold ? "start " : "launch ") + std::to_string(p.launches_done) +
                  " of " + std::to_string(p.launches_total) +
                  (p.errors > 0 ? ", " + std::to_string(p.errors) + " errors" : ""));
  };
  EmulatedFunction function((*session)->emulator(), config.name);
  SystemClock clock;
  auto report = cold ? ColdBench({*launches}, std::move(*options), clock).run(function)
                     : WarmBench({*launches, *calls}, std::move(*options), clock).run(function);
  progress.clear();
  if (!report) return finish_with_error(**session, report.error());

  auto head = result_head(cold ? "bench cold" : "bench warm", prepared->started,
                          prepared->emulator.seed, config, (*session)->emulator(), o.run);
  head.exit_code = report->exit_code;
  head.reasons = report->reasons;
  Result<void> written;
  if (o.json == "-") {
    (*session)->out().write(bench_json(head, *report));
  } else {
    (*session)->out().write(bench_text(*report, config.name));
    if (!o.json.empty()) written = write_result(o.json, bench_json(head, *report));
  }
  const int code = (*session)->finish(static_cast<int>(report->exit_code));
  if (!written) return fail(written.error());
  if (report->interrupted_by != 0) return code;
  if (!o.run.verbose) tell(quiet, code == 0);
  const bool cut_off = (*session)->emulator().was_cut_off();
  if (cut_off) violations.leave_out("W36");
  for (const auto& text : violations.notes())
    note(text);
  for (const auto& text : advisor.advice(
           config, {.ended_well = code == 0,
                   .cut_off = cut_off,
                   .is_explained = violations.explains_an_end(),
                   .tmp_counts_as_memory = (*session)->emulator().counts_tmp_as_memory()}))
    note(text);
  return code;
}

// What --threshold can name, in lines of a terminal.
std::string metrics_help() {
  return fmt::format("Metrics: {} with .{};\n  {} (docs/thresholds.md)\n",
                     fmt::join(k_metric_families, ", "), fmt::join(k_metric_figures, " ."),
                     fmt::join(k_plain_metrics, ", "));
}

void add_kind(CLI::App& bench, CommandLine& line, bool cold) {
  auto options = std::make_shared<BenchCommand>();
  auto& o = *options;
  auto* command = bench.add_subcommand(cold ? "cold" : "warm",
                                       cold ? "N fresh environments: init, first and second call"
                                            : "launches of N calls after a found warm-up");
  if (cold) {
    command->add_option("--starts", o.starts, "cold starts (40)")->type_name("N");
  } else {
    command->add_option("--launches", o.launches, "fresh environments (30)")->type_name("N");
    command->add_option("--calls", o.calls, "calls of each, the cold one included (50)")
        ->type_name("N");
  }
  add_event_options(*command, o.event, "the event; else as said below");
  command->add_option("--threshold", o.thresholds, "gate, as in 'cold.p90 < 3s' (repeatable)")
      ->type_name("EXPR")
      ->allow_extra_args(false);
  command->add_option("--max-time", o.max_time, "begin no further launch after this time")
      ->type_name("DURATION");
  command->add_option("--json", o.json, "write a result file; - for stdout")->type_name("FILE");
  add_run_options(*command, o.run);
  command->get_option("--store")->group("");  // COLDFRAME_STORE says it, too, and the page is full
  command->add_flag("--trace-denied", o.run.trace_denied)->group("");  // to say why not
  command->footer(
      "Without an event: the goldens tagged smoke, else Coldframe.Event, else {}.\n" +
      metrics_help() +
      (cold ? "Example:\n  coldframe bench cold function/scoring --starts 40 "
              "--threshold 'cold.p90 < 3s'"
            : "Example:\n  coldframe bench warm function/scoring --threshold 'warm.p90 < 1s'"));
  command->callback([options, &line, cold] { line.exit_code = run(*options, line, cold); });
}

}  // namespace

void add_bench(CLI::App& app, CommandLine& line) {
  auto* bench = app.add_subcommand("bench", "measure cold starts and warm calls");
  bench->footer("Example:\n  coldframe bench cold function/scoring --starts 40");
  add_kind(*bench, line, true);
  add_kind(*bench, line, false);
  auto word = std::make_shared<std::vector<std::string>>();
  bench->add_option("KIND", *word)->group("");
  bench->callback([bench, word, &line] {
    if (!bench->get_subcommands().empty()) return;
    line.exit_code = fail(usage_error(
        word->empty() ? "bench what? write bench cold TARGET or bench warm TARGET"
                      : "'" + word->front() + "' is not a kind of bench; use cold or warm"));
  });
}

}  // namespace coldframe::cli
