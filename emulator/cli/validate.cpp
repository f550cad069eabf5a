// coldframe validate (also: test): golden-input validation.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <unordered_set>

#include "emulator/base/units.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/measuring.hpp"
#include "emulator/report/advice.hpp"
#include "emulator/report/github.hpp"
#include "emulator/report/junit.hpp"
#include "emulator/report/validate_json.hpp"
#include "emulator/report/validate_text.hpp"
#include "emulator/validate/validator.hpp"
#include "emulator/violations/violation_log.hpp"

namespace coldframe::cli {
namespace {

constexpr std::size_t k_result_file_bytes = std::size_t{256} << 20;

struct ValidateCommand {
  RunOptions run;
  std::vector<std::string> goldens;
  std::string rtol, atol, max_fail, max_time, json, junit, failed_from;
  std::vector<std::string> only;
  bool github = false;
};

Result<double> parse_tolerance(const std::string& text, const char* what, double otherwise) {
  if (text.empty()) return otherwise;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      value < 0) {
    return usage_error(std::string(what) + ": '" + text + "' is not a number, 0 or above");
  }
  return value;
}

Result<ValidateOptions> read_options(const ValidateCommand& o) {
  ValidateOptions out;
  auto rtol = parse_tolerance(o.rtol, "--rtol", out.tolerance.rtol);
  if (!rtol) return rtol.error();
  auto atol = parse_tolerance(o.atol, "--atol", out.tolerance.atol);
  if (!atol) return atol.error();
  out.tolerance.rtol = *rtol;
  out.tolerance.atol = *atol;
  out.only = o.only;
  if (!o.failed_from.empty()) {
    if (!o.only.empty()) return usage_error("give one of --only and --failed-from");
    auto text = read_text_file(o.failed_from, "--failed-from", k_result_file_bytes);
    if (!text) return text.error();
    auto failed = failed_ids(*text, "--failed-from '" + o.failed_from + "'");
    if (!failed) return failed.error();
    out.only = std::move(*failed);
  }
  if (!o.max_fail.empty()) {
    auto max_fail = MaxFail::parse(o.max_fail);
    if (!max_fail) return usage_error("--max-fail: " + max_fail.error().message);
    out.max_fail = *max_fail;
  }
  if (!o.max_time.empty()) {
    auto limit = parse_duration(o.max_time, "--max-time");
    if (!limit) return limit.error();
    out.max_time = *limit;
  }
  for (const auto* path : {&o.json, &o.junit}) {
    if (path->empty()) continue;
    if (auto ok = check_result_path(*path); !ok) return ok.error();
  }
  if (o.json == "-" && o.junit == "-") {
    return usage_error("--json and --junit cannot both go to standard output");
  }
  return out;
}

Result<void> put(Session& session, const std::string& path, const std::string& text) {
  if (path != "-") return write_result(path, text);
  session.out().write(text);
  return {};
}

int run(ValidateCommand& o, const CommandLine& line) {
  auto prepared = prepare(o.run, line.bootstrap);
  if (!prepared) return fail(prepared.error());
  auto options = read_options(o);
  if (!options) return fail(options.error());
  auto files = golden_files(o.goldens, prepared->file, true);
  if (!files) return fail(files.error());
  auto suite = read_goldens(*files);
  if (!suite) return fail(suite.error());
  std::unordered_set<std::string> known;
  for (const auto& golden : suite->cases)
    known.insert(golden.id);
  for (const auto& id : options->only) {
    if (known.contains(id)) continue;
    const char* option = o.failed_from.empty() ? "--only" : "--failed-from";
    return fail(usage_error(std::string(option) + ": there is no case '" + id + "'"));
  }

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
  options->progress = [&](const ValidateProgress& p) {
    progress.show("case " + std::to_string(p.done) + " of " + std::to_string(p.total) +
                  (p.bad > 0 ? ", " + std::to_string(p.bad) + " bad" : ""));
  };
  EmulatedFunction function((*session)->emulator(), config.name);
  auto report = Validator(std::move(*options)).run(function, *suite);
  progress.clear();
  if (!report) return finish_with_error(**session, report.error());

  auto head = result_head("validate", prepared->started, prepared->emulator.seed, config,
                          (*session)->emulator(), o.run);
  head.exit_code = report->exit_code;
  head.reasons = report->reasons;
  Result<void> written;
  if (!o.json.empty()) written = put(**session, o.json, validate_json(head, *report));
  if (written && !o.junit.empty()) written = put(**session, o.junit, junit_xml(*report));
  if (o.json != "-" && o.junit != "-") {
    std::error_code ignored;
    const bool can_be_read = written && std::filesystem::is_regular_file(o.json, ignored);
    (*session)->out().write(validate_text(
        *report, line.words,
        {.all = o.run.verbose, .result_file = can_be_read ? o.json : "", .program = line.program}));
  }
  const int code = (*session)->finish(static_cast<int>(report->exit_code));
  if (o.github) print(github_annotations(*report));
  if (!written) return fail(written.error());
  if (report->interrupted_by != 0) return code;
  if (!o.run.verbose) tell(quiet, code == 0);
  const bool cut_off = (*session)->emulator().was_cut_off();
  if (cut_off) violations.leave_out("W36");
  for (const auto& text : violations.notes(code == 0))
    note(text);
  for (const auto& text : advisor.advice(
           config, {.ended_well = code == 0,
                   .cut_off = cut_off,
                   .is_explained = violations.explains_an_end(),
                   .tmp_counts_as_memory = (*session)->emulator().counts_tmp_as_memory()}))
    note(text);
  return code;
}

}  // namespace

void add_validate(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ValidateCommand>();
  auto& o = *options;
  auto* command = app.add_subcommand("validate", "check the answers against golden ones");
  command->alias("test");
  command->add_option("--golden", o.goldens, "golden cases, JSONL (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_option("--rtol", o.rtol, "relative tolerance of numbers (1e-6)")->type_name("X");
  command->add_option("--atol", o.atol, "absolute tolerance of numbers (1e-9)")->type_name("X");
  command->add_option("--max-fail", o.max_fail, "wrong answers excused: N, or N% of the cases")
      ->type_name("N");
  command->add_option("--only", o.only, "ids of the cases to run")
      ->delimiter(',')
      ->type_name("ID,…")
      ->allow_extra_args(false);
  command->add_option("--failed-from", o.failed_from, "run the cases that failed in this result")
      ->type_name("FILE");
  command->add_option("--max-time", o.max_time, "begin no call after this time")
      ->type_name("DURATION");
  command->add_option("--json", o.json, "write a result file; - for stdout")->type_name("FILE");
  command->add_option("--junit", o.junit, "write JUnit XML")->type_name("FILE");
  command->add_flag("--github", o.github, "annotations for GitHub on stderr");
  add_run_options(*command, o.run);
  add_trace_option(*command, o.run);
  command->footer(
      "Example:\n  coldframe validate function/scoring \\\n"
      "      --golden function/scoring/golden/cases.jsonl");
  command->callback([options, &line] { line.exit_code = run(*options, line); });
}

}  // namespace coldframe::cli
