#include "emulator/cli/options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "emulator/base/units.hpp"
#include "emulator/bench/threshold.hpp"
#include "emulator/config/byte_code.hpp"

namespace coldframe::cli {
namespace {

constexpr double k_time_scale_min = 0.01;
constexpr double k_time_scale_max = 1e6;
constexpr double k_cpu_scale_min = 0.1;
constexpr double k_cpu_scale_max = 10;

using Words = std::initializer_list<const char*>;

bool contains(Words words, const std::string& value) {
  return std::find(words.begin(), words.end(), value) != words.end();
}

std::string listed(Words words) {
  std::string list;
  for (const char* word : words)
    list += (list.empty() ? "" : ", ") + std::string(word);
  return list;
}

Result<void> one_of(const std::string& option, const std::string& value, Words allowed) {
  if (contains(allowed, value)) return {};
  return usage_error(option + " '" + value + "': use one of " + listed(allowed));
}

Result<void> check_backends(const RunOptions& o) {
  struct Choice {
    const char* option;
    const std::string& value;
    Words allowed;
  };
  const Choice choices[] = {
      {"--limits", o.limits, {"auto", "cgroup", "signal", "none"}},
      {"--freeze", o.freeze, {"on", "off"}},
      {"--sandbox", o.sandbox, {"auto", "strict", "none"}},
      {"--network", o.network, {"auto", "open", "none", "host"}},
  };
  for (const auto& choice : choices) {
    if (auto ok = one_of(choice.option, choice.value, choice.allowed); !ok) return ok;
  }
  return {};
}

class HelpWithOneTarget final : public CLI::Formatter {
 public:
  std::string make_option_usage(const CLI::Option*) const override { return "[TARGET]"; }
};

}  // namespace

void add_run_options(CLI::App& app, RunOptions& o, bool many) {
  auto* targets = app.add_option("TARGET", o.targets,
                                 many ? "directories with function.json, images; or -- CMD"
                                      : "directory with function.json, image; or -- CMD");
  targets->option_text(many ? "..." : " ");
  // The parser takes more, so that what is wrong with the words can be told.
  if (!many) app.formatter(std::make_shared<HelpWithOneTarget>());
  const std::string group = "The function";
  app.add_option("--memory", o.memory, "memory size, 128 to 10240 MB; or 2GB")
      ->group(group)
      ->type_name("MB");
  app.add_option("--timeout", o.timeout, "function timeout, 1 to 900 s")
      ->group(group)
      ->type_name("SECONDS");
  app.add_option("--ephemeral-storage", o.tmp, "size of /tmp, 512 to 10240 MB")
      ->group(group)
      ->type_name("MB");
  app.add_option("-E,--env", o.variables, "environment variable (repeatable)")
      ->group(group)
      ->type_name("KEY=VALUE")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("-n,--env-vars", o.variables_file, "variables from a file of SAM's shape")
      ->group(group)
      ->type_name("FILE");
  app.add_option("--name", o.name, "function name")->group(group)->type_name("NAME");
  app.add_option("--region", o.region, "region (us-east-1)")->group(group)->type_name("REGION");
  app.add_option("--account", o.account, "account (123456789012)")->group(group)->type_name("ID");
  app.add_option("--log-format", o.log_format, "text or json")
      ->group(group)
      ->type_name("text|json");
  app.add_option("--credentials", o.credentials, "none: made-up AWS keys; env: the caller's own")
      ->group(group)
      ->type_name("none|env");
  app.add_option("--store", o.store, "where images are unpacked (COLDFRAME_STORE)")
      ->group(group)
      ->type_name("DIR");
  app.add_flag("--no-extensions", o.no_extensions, "as if there were none, and no API for them")
      ->group(group);
  const std::string ground = "The ground";
  app.add_option("--init-limit", o.init_limit, "longest init (10s)")
      ->group(ground)
      ->type_name("DURATION");
  app.add_option("--time-scale", o.time_scale, "virtual seconds in a real one, for idle clocks (1)")
      ->group(ground)
      ->type_name("X");
  app.add_option("--seed", o.seed, "seed of idle expiry")->group(ground)->type_name("N");
  app.add_option("--limits", o.limits, "of CPU and memory: auto, cgroup, signal or none")
      ->group(ground)
      ->type_name("BY");
  app.add_option("--cpu-scale", o.cpu_scale, "speed of a core here, by that of Lambda's (1)")
      ->group(ground)
      ->type_name("X");
  app.add_option("--freeze", o.freeze, "stop environments between invokes (on)")
      ->group(ground)
      ->type_name("on|off");
  app.add_option("--sandbox", o.sandbox, "auto, strict or none")->group(ground)->type_name("BY");
  app.add_option("--network", o.network, "of a strict sandbox: auto, open, none or host")
      ->group(ground)
      ->type_name("NETWORK");
  app.add_flag("-v,--verbose", o.verbose, "say more on stderr")->group(ground);
}

void add_trace_option(CLI::App& app, RunOptions& o) {
  app.add_flag("--trace-denied", o.trace_denied, "tell what the sandbox denied and nobody said")
      ->group("The ground");
}

void add_event_options(CLI::App& app, EventOptions& o, const std::string& file_help) {
  app.add_option("-e,--event-file", o.file, file_help)->type_name("FILE");
  // The parser would take an empty word for no optional text at all.
  const auto into = [](std::optional<std::string>& text) {
    return [&text](const std::string& word) { text = word; };
  };
  app.add_option_function<std::string>("--event", into(o.text), "the event itself")
      ->type_name("JSON");
  app.add_option_function<std::string>("--body", into(o.body),
                                       "a body to build an event around, with --as")
      ->type_name("TEXT");
  app.add_option("--as", o.envelope, "apigw-v1, apigw-v2, url or alb")->type_name("FRONT");
}

// Of a file that has not been run before; on a terminal only.
void tell_import(const ImportProgress& progress) {
  if (::isatty(STDERR_FILENO) == 0 || progress.layers == 0) return;
  const std::string line = fmt::format("\rcoldframe: unpacking the image, {} of {} layers done ",
                                       progress.done, progress.layers);
  print(progress.done == progress.layers ? "\r\x1b[K" : line);
}

Result<Overrides> read_overrides(const RunOptions& o) {
  if (auto ok = check_backends(o); !ok) return ok.error();
  Overrides out;
  if (!o.memory.empty()) {
    auto value = parse_megabytes(o.memory, "--memory");
    if (!value) return value.error();
    out.memory_mb = *value;
  }
  if (!o.timeout.empty()) {
    auto value = parse_seconds(o.timeout, "--timeout");
    if (!value) return value.error();
    out.timeout_s = *value;
  }
  if (!o.tmp.empty()) {
    auto value = parse_megabytes(o.tmp, "--ephemeral-storage");
    if (!value) return value.error();
    out.tmp_mb = *value;
  }
  if (!o.init_limit.empty()) {
    auto value = parse_duration(o.init_limit, "--init-limit");
    if (!value) return value.error();
    if (*value <= Duration::zero()) {
      return usage_error("--init-limit: '" + o.init_limit + "' must be above 0");
    }
    out.init_limit = *value;
  }
  if (!o.log_format.empty()) {
    if (auto ok = one_of("--log-format", o.log_format, {"text", "json"}); !ok) return ok.error();
    out.log_format = o.log_format == "json" ? LogFormat::json : LogFormat::text;
  }
  if (!o.credentials.empty()) {
    if (auto ok = one_of("--credentials", o.credentials, {"none", "env"}); !ok) return ok.error();
    out.credentials = o.credentials == "env" ? Credentials::caller : Credentials::made_up;
  }
  out.image.store = o.store;
  out.image.progress = [](const ImportProgress& progress) { tell_import(progress); };
  out.variables = o.variables;
  out.variables_file = o.variables_file;
  out.name = o.name;
  out.region = o.region;
  out.account = o.account;
  out.no_extensions = o.no_extensions;
  return out;
}

Result<EmulatorOptions> read_emulator_options(const RunOptions& o) {
  EmulatorOptions out;
  if (!o.time_scale.empty()) {
    auto value = parse_positive(o.time_scale, "--time-scale");
    if (!value) return value.error();
    if (*value < k_time_scale_min || *value > k_time_scale_max) {
      return usage_error("--time-scale: '" + o.time_scale +
                         "' is out of range; 0.01 to 1000000 is allowed");
    }
    out.time_scale = *value;
  }
  out.sandbox = o.sandbox == "strict" ? SandboxChoice::strict
                : o.sandbox == "auto" ? SandboxChoice::automatic
                                      : SandboxChoice::none;
  if (o.network == "open") out.network = NetworkMode::open;
  if (o.network == "none") out.network = NetworkMode::none;
  if (o.network == "host") out.network = NetworkMode::host;
  out.trace_denied = o.trace_denied;
  if (!o.seed.empty()) {
    auto value = parse_integer(o.seed, "--seed", 0, INT64_MAX);
    if (!value) return value.error();
    out.seed = static_cast<std::uint64_t>(*value);
  } else {
    out.seed = std::random_device{}() >> 1;
  }
  if (!o.cpu_scale.empty()) {
    auto value = parse_positive(o.cpu_scale, "--cpu-scale");
    if (!value) return value.error();
    if (*value < k_cpu_scale_min || *value > k_cpu_scale_max) {
      return usage_error("--cpu-scale: '" + o.cpu_scale +
                         "' is out of range; 0.1 to 10 is allowed");
    }
    out.cpu_scale = *value;
  }
  out.limits = o.limits == "cgroup"   ? LimitsKind::cgroup
               : o.limits == "signal" ? LimitsKind::signal
               : o.limits == "none"   ? LimitsKind::none
                                      : LimitsKind::automatic;
  out.freeze = o.freeze == "on";
  return out;
}

Result<FunctionFile> check_target(const RunOptions& o, const std::string& target,
                                  const Overrides& overrides, bool many) {
  if (o.targets.size() > 1 && !many) {
    const std::string& second = o.targets[1];
    return usage_error("'" + second + "' is one TARGET too many" +
                       (second.ends_with(".jsonl")  ? "; is it --golden " + second + "?"
                        : second.ends_with(".json") ? "; is it -e " + second + "?"
                                                    : ""));
  }
  auto file = resolve_target(target, o.bootstrap, overrides);
  if (!file) return file;
  for (const auto& expr : file->budgets) {
    if (auto ok = check_budget(expr); !ok) {
      return usage_error("'" + target + "': Coldframe.Budgets: " + ok.error().message);
    }
  }
  return file;
}

void drop_byte_code(const FunctionFile& file, const std::function<void(const std::string&)>& tell) {
  // A command's directory may be anybody's, and an image is as it is.
  if (file.path.empty() || file.config.image) return;
  const auto found = drop_outdated_byte_code(file.config.task_root);
  for (const auto& path : found.removed)
    tell("removed " + path + ": Python would have taken it for that of its source, written later");
  for (const auto& path : found.left) {
    tell(path +
         " is older than its source, Python takes it for newer, and this user cannot remove "
         "it: answers may be those of older code");
  }
}

Result<FunctionFile> read_target(const RunOptions& o, const std::string& target,
                                 const Overrides& overrides, bool many) {
  auto file = check_target(o, target, overrides, many);
  if (!file) return file;
  for (const auto& text : file->warnings)
    warn(text);
  drop_byte_code(*file, [](const std::string& text) { note(text); });
  if (!file->sized) {
    note("no MemorySize or Timeout given; Lambda's defaults are in force: 128 MB, 3 s");
  }
  if (o.verbose) {
    for (const auto& key : file->ignored_keys)
      note("'" + key + "' has no meaning here; ignored");
  }
  return file;
}

Result<void> check_invokable(const FunctionConfig& config) {
  if (config.reserved_concurrency.value_or(1) > 0) return {};
  return usage_error("function '" + config.name +
                     "' has ReservedConcurrentExecutions 0, with which Lambda throttles every "
                     "call; raise it or take it out of function.json");
}

}  // namespace coldframe::cli
