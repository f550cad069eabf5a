// coldframe inspect: will it run on Lambda? Static findings; nothing is started.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "emulator/cli/commands.hpp"
#include "emulator/cli/options.hpp"
#include "emulator/inspect/open_subject.hpp"
#include "emulator/report/inspect_report.hpp"

namespace coldframe::cli {
namespace {

struct InspectCommand {
  std::string target, store, json, junit;
  std::string fail_on = "error";
  std::vector<std::string> ignore;
  bool github = false;
};

Result<void> check(const InspectCommand& o, const CommandLine& line) {
  if (!line.bootstrap.empty()) return usage_error("inspect takes no command");
  if (o.fail_on != "error" && o.fail_on != "warning")
    return usage_error("--fail-on '" + o.fail_on + "': use one of error, warning");
  const auto& ids = inspect::finding_ids();
  for (const std::string& id : o.ignore) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    std::string known;
    for (const std::string& one : ids)
      known += (known.empty() ? "" : ", ") + one;
    return usage_error("--ignore '" + id + "' is no finding of inspect; there are " + known);
  }
  for (const auto* path : {&o.json, &o.junit}) {
    if (path->empty()) continue;
    if (auto ok = check_result_path(*path); !ok) return ok;
  }
  if (o.json == "-" && o.junit == "-")
    return usage_error("--json and --junit cannot both go to standard output");
  return {};
}

ResultHead head_of(const InspectReport& report, const FunctionConfig& config, WallTime started) {
  ResultHead head;
  head.tool_version = COLDFRAME_VERSION;
  head.command = "inspect";
  head.started = started;
  head.host = read_host();
  head.function.name = config.name;
  head.function.memory_mb = config.memory_mb;
  head.function.vcpu = config.memory_mb / 1769.0;
  head.function.timeout_s = config.timeout_s;
  if (report.manifest) head.function.image_digest = report.manifest->digest.text();
  head.function.limits = head.function.sandbox = "none";  // nothing is started
  head.exit_code = report.exit_code();
  for (const auto& finding : report.inspection.findings) {
    if (report.fails(finding)) head.reasons.push_back(finding.id + ": " + finding.message);
  }
  return head;
}

InspectReport make_report(const InspectCommand& o, inspect::OpenedSubject& opened) {
  InspectReport report;
  report.target = o.target;
  report.function_file = opened.file.path.string();
  report.fails_on_warning = o.fail_on == "warning";
  report.manifest = opened.manifest;
  if (opened.subject) {
    report.layers = opened.subject->layers;
    report.architecture = opened.subject->architecture;
    report.inspection = inspect::inspect_subject(*opened.subject);
  } else {
    report.architecture = lambda_architecture(opened.manifest->config.architecture);
    report.inspection.findings.push_back(*opened.too_large);
  }
  auto reasons = opened.file.ignored_findings;
  for (const std::string& id : o.ignore)
    reasons.emplace(id, "");
  inspect::ignore_findings(report.inspection, reasons);
  return report;
}

void show_progress(const ImportProgress& progress) {
  if (::isatty(STDERR_FILENO) == 0 || progress.layers == 0) return;
  const std::string line = "\rcoldframe: unpacking the image, " + std::to_string(progress.done) +
                           " of " + std::to_string(progress.layers) + " layers done ";
  print(progress.done == progress.layers ? "\r\x1b[K" : line);
}

Result<void> put(const std::string& path, const std::string& text) {
  return path.empty() ? Result<void>() : write_result(path, text);
}

int run(const InspectCommand& o, const CommandLine& line) {
  if (auto ok = check(o, line); !ok) return fail(ok.error());
  const WallTime started = std::chrono::system_clock::now();
  ImageOptions options;
  options.store = o.store;
  options.progress = show_progress;
  auto opened = inspect::open_subject(o.target, options);
  if (!opened) return fail(opened.error());
  for (const auto& text : opened->file.warnings)
    warn(text);
  const InspectReport report = make_report(o, *opened);
  for (const std::string& id : o.ignore) {
    const auto& ignored = report.inspection.ignored;
    if (std::none_of(ignored.begin(), ignored.end(),
                     [&](const auto& one) { return one.finding.id == id; }))
      note("--ignore " + id + ": there is no such finding");
  }
  const ResultHead head = head_of(report, opened->file.config, started);
  auto written = put(o.json, o.json.empty() ? "" : inspect_json(head, report));
  if (written) written = put(o.junit, o.junit.empty() ? "" : inspect_junit(report));
  if (o.json != "-" && o.junit != "-") {
    const std::string text = inspect_text(report);
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  if (o.github) print(inspect_annotations(report));
  if (!written) return fail(written.error());
  return static_cast<int>(report.exit_code());
}

}  // namespace

void add_inspect(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<InspectCommand>();
  auto& o = *options;
  auto* command = app.add_subcommand("inspect", "will it run on Lambda? starts nothing");
  command->add_option("TARGET", o.target, "image, or directory with function.json")
      ->option_text(" ");
  command->add_option("--fail-on", o.fail_on, "exit 1 on: error, or warning too (error)")
      ->type_name("error|warning");
  command->add_option("--ignore", o.ignore, "ids to leave out of the verdict (repeatable)")
      ->delimiter(',')
      ->type_name("ID,…")
      ->allow_extra_args(false);
  command->add_option("--json", o.json, "write a result file; - for stdout")->type_name("FILE");
  command->add_option("--junit", o.junit, "write JUnit XML")->type_name("FILE");
  command->add_flag("--github", o.github, "annotations for GitHub on stderr");
  command->add_option("--store", o.store, "where images are unpacked (COLDFRAME_STORE)")
      ->type_name("DIR");
  command->footer("Example:\n  coldframe inspect build/scoring.tar --fail-on warning");
  command->callback([options, &line] { line.exit_code = run(*options, line); });
}

}  // namespace coldframe::cli
