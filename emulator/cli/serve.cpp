// coldframe serve: the Lambda Invoke API for boto3, the AWS CLI and curl.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>

#include "emulator/base/units.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/ready_file.hpp"
#include "emulator/cli/session.hpp"
#include "emulator/report/advice.hpp"
#include "emulator/report/leftovers.hpp"
#include "emulator/report/own_output.hpp"
#include "emulator/violations/violation_log.hpp"
#include "emulator/watch/file_watcher.hpp"

namespace coldframe::cli {
namespace {

struct ServeOptions {
  RunOptions run;
  std::string host = "127.0.0.1";
  std::string port = "9000";
  std::string concurrency = "10";
  std::string provisioned = "0";
  std::string idle_timeout = "aws";
  std::string ready_file;
  bool watch = false;
};

struct Parsed {
  Overrides overrides;
  EmulatorOptions emulator;
  std::uint16_t port = 0;
};

Result<Parsed> parse(const ServeOptions& o) {
  Parsed p;
  auto overrides = read_overrides(o.run);
  if (!overrides) return overrides.error();
  p.overrides = *overrides;
  auto emulator = read_emulator_options(o.run);
  if (!emulator) return emulator.error();
  p.emulator = *emulator;
  p.emulator.prepare_ahead = true;
  auto port = parse_integer(o.port, "--port", 0, 65535);
  if (!port) return port.error();
  p.port = static_cast<std::uint16_t>(*port);
  auto concurrency = parse_integer(o.concurrency, "--concurrency", 1, 1000);
  if (!concurrency) return concurrency.error();
  p.emulator.concurrency = static_cast<int>(*concurrency);
  auto provisioned = parse_integer(o.provisioned, "--provisioned", 0, *concurrency);
  if (!provisioned) return provisioned.error();
  p.emulator.provisioned = static_cast<int>(*provisioned);
  if (o.idle_timeout != "aws") {
    auto idle = parse_duration(o.idle_timeout, "--idle-timeout");
    if (!idle) return idle.error();
    p.emulator.idle_timeout = *idle;
  }
  if (o.run.targets.size() > 1) {
    if (o.run.name) return usage_error("--name is for a single TARGET");
    const char* name = std::getenv("AWS_LAMBDA_FUNCTION_NAME");
    if (name != nullptr && *name != '\0') {
      return usage_error(
          "the environment variable AWS_LAMBDA_FUNCTION_NAME would give all TARGETs one name; "
          "unset "
          "it");
    }
  }
  return p;
}

// What edited functions are started again with.
struct Renewal {
  const ServeOptions& options;
  const Overrides& overrides;
  Emulator& emulator;
  std::function<void(const FunctionConfig&)> watch_notes;  // of a function as it is now
};

// Restarts a function when its files have changed. A function.json that cannot be used by then,
// half written perhaps, leaves everything as it was: new code may need the new settings.
void renew(const Renewal& with, const std::string& target, FunctionConfig& config,
           const std::string& path) {
  Emulator& emulator = with.emulator;
  auto file = check_target(with.options.run, target, with.overrides, true);
  if (!file) {
    const std::string& problem = file.error().message;
    const auto name = std::filesystem::path(path).filename().string();
    const bool is_named = problem.find(name + ":") != std::string::npos;
    emulator.log(warning_line(
        (is_named ? "" : path + " changed, but ") + "'" + config.name +
        "' runs on as it was, and changes of its code wait as well, until this is repaired: " +
        problem));
    return;
  }
  for (const auto& text : file->warnings)
    emulator.log(warning_line(text));
  if (file->config.name != config.name) {
    emulator.log(note_line("'" + config.name + "' keeps its name until serve is started again"));
    file->config.name = config.name;
  }
  config = file->config;
  drop_byte_code(*file, [&](const std::string& text) { emulator.log(note_line(text)); });
  emulator.renew(config);
  with.watch_notes(config);
  emulator.log(
      note_line(path + " changed; the next invoke of '" + config.name + "' is a cold start"));
}

// Says once what to install if a function cannot start without it; and, of each function, that its
// init is longer than Lambda's may be.
struct InitNotes final : RecordSink {
  Emulator* emulator = nullptr;
  const std::vector<FunctionConfig>& functions;
  bool client_told = false;
  std::set<std::string> long_ones_told{};

  explicit InitNotes(const std::vector<FunctionConfig>& all) : functions(all) {}
  void on_init(const InitRecord& record) override {
    const auto advice = missing_client_advice(record);
    if (!advice.empty() && !std::exchange(client_told, true)) emulator->log(note_line(advice));
    const auto config = std::find_if(functions.begin(), functions.end(),
                                     [&](const auto& one) { return one.name == record.function; });
    if (config == functions.end()) return;
    const auto about_length = long_init_advice(record, *config);
    if (about_length.empty() || !long_ones_told.insert(record.function).second) return;
    emulator->log(note_line("'" + record.function + "': " + about_length));
  }
  bool wants_cpu() const override { return false; }
};

using Watchers = std::vector<std::shared_ptr<FileWatcher>>;

// One for each function. `configs` are kept up to date; they and `with` outlive the watchers.
Result<Watchers> watch(const Renewal& with, const std::vector<std::string>& targets,
                       std::vector<FunctionConfig>& configs, const ReadyFile& ready_file) {
  Emulator& emulator = with.emulator;
  Watchers watchers;
  for (std::size_t i = 0; i < configs.size(); ++i) {
    if (configs[i].image) {
      return usage_error("--watch is for directories; '" + configs[i].image->name +
                         "' is an image, which is imported once");
    }
    std::vector<std::filesystem::path> roots{configs[i].task_root};
    const auto relative = configs[i].working_directory.lexically_relative(roots.front());
    if (relative.empty() || *relative.begin() == "..") {
      roots.push_back(configs[i].working_directory);
    }
    WatchCallbacks callbacks;
    callbacks.changed = [&, target = targets[i], i](const std::string& path) {
      renew(with, target, configs[i], path);
    };
    callbacks.settled = [&emulator, &config = configs[i]] { emulator.resume(config.name); };
    callbacks.trouble = [&emulator](const Error& error) {
      emulator.log(warning_line(error.message));
    };
    WatchRules rules;
    rules.ignored = ready_file.paths();
    if (const auto state = emulator.state_file(); !state.empty()) {
      rules.ignored.push_back(std::filesystem::path(state).parent_path());
    }
    rules.is_no_edit = is_own_output;
    auto started =
        FileWatcher::start(emulator.io(), std::move(roots), std::move(callbacks), std::move(rules));
    if (!started) return started.error();
    std::shared_ptr<FileWatcher> watcher = std::move(*started);
    emulator.hold_while(configs[i].name, [known = std::weak_ptr<FileWatcher>(watcher)] {
      const auto there = known.lock();
      return there && there->settling();
    });
    watchers.push_back(std::move(watcher));
  }
  return watchers;
}

int run(ServeOptions& o, const CommandLine& line) {
  o.run.bootstrap = line.bootstrap;
  auto parsed = parse(o);
  if (!parsed) return fail(parsed.error());
  std::vector<FunctionConfig> functions;
  auto targets = o.run.targets;
  if (targets.empty()) targets.push_back("");
  for (const auto& target : targets) {
    auto file = read_target(o.run, target, parsed->overrides, true);
    if (!file) return fail(file.error());
    functions.push_back(file->config);
  }
  ReadyFile ready_file(o.ready_file);
  if (auto ok = ready_file.prepare(); !ok) return fail(ok.error());
  InitNotes init_notes(functions);
  ViolationLog violations;
  Leftovers leftovers;
  auto session = Session::start(parsed->emulator, functions, o.run.verbose);
  if (!session) return fail(session.error());
  Emulator& emulator = (*session)->emulator();
  init_notes.emulator = &emulator;
  emulator.add_record_sink(init_notes);
  const Renewal renewal{o, parsed->overrides, emulator, [&](const FunctionConfig& config) {
                          violations.add(config.name, circumstances(config, emulator));
                          leftovers.add(config.name, config.tmp_mb);
                        }};
  for (const auto& config : functions)
    renewal.watch_notes(config);
  violations.on_found([&](const std::string& text) { emulator.log(note_line(text)); });
  emulator.add_record_sink(violations);
  emulator.add_record_sink(leftovers);
  emulator.on_sandbox_note([&](const std::string& text) { emulator.log(note_line(text)); });
  Watchers watchers;
  if (o.watch) {
    auto watching = watch(renewal, targets, functions, ready_file);
    if (!watching) {
      (*session)->finish(0);
      return fail(watching.error());
    }
    watchers = std::move(*watching);
  }
  auto port = emulator.serve(o.host, parsed->port);
  if (!port) {
    (*session)->finish(0);
    return fail(port.error());
  }
  const std::string host = o.host.find(':') != std::string::npos ? "[" + o.host + "]" : o.host;
  const std::string url = "http://" + host + ":" + std::to_string(*port);
  for (const auto& config : functions) {
    emulator.log(
        note_line("POST " + url + "/2015-03-31/functions/" + config.name + "/invocations"));
  }
  (*session)->out().write(url + "\n");
  if (auto written = ready_file.write(url); !written) {
    (*session)->finish(0);
    return fail(written.error());
  }
  emulator.run();
  ready_file.remove();
  watchers.clear();
  const int code = (*session)->finish(0, false, violations.functions_with("W36"));
  for (const auto& text : leftovers.notes())
    note(text);
  return code;
}

}  // namespace

void add_serve(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ServeOptions>();
  auto& o = *options;
  auto* command = app.add_subcommand("serve", "the Lambda Invoke API for boto3, AWS CLI, curl");
  command->add_option("--host", o.host, "address to listen on (127.0.0.1)")->type_name("IP");
  command->add_option("--port", o.port, "port (9000); 0 picks a free one")->type_name("N");
  command->add_option("--concurrency", o.concurrency, "most environments of a function (10)")
      ->type_name("N");
  command->add_option("--provisioned", o.provisioned, "started at once, and kept (0)")
      ->type_name("N");
  command
      ->add_option("--idle-timeout", o.idle_timeout, "aws, or a time after which an idle one ends")
      ->type_name("aws|DURATION");
  command
      ->add_option("--ready-file", o.ready_file, "written when the port accepts: http://HOST:PORT")
      ->type_name("FILE");
  command->add_flag("--watch", o.watch, "restart a function when its files change");
  add_run_options(*command, o.run, true);
  add_trace_option(*command, o.run);
  command->footer(
      "Example:\n  coldframe serve function/scoring --port 9000\n"
      "  aws lambda invoke --endpoint-url http://127.0.0.1:9000 \\\n"
      "      --function-name scoring --cli-binary-format raw-in-base64-out \\\n"
      "      --payload file://fixtures/events/scoring.json out.json");
  command->callback([options, &line] { line.exit_code = run(*options, line); });
}

}  // namespace coldframe::cli
