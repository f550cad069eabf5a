// coldframe serve: the Lambda Invoke API for boto3, the AWS CLI and curl.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "emulator/base/unique_fd.hpp"
#include "emulator/base/units.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/session.hpp"

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
};

// Whole or not at all: written beside the target and renamed.
Result<void> write_ready_file(const std::string& path, const std::string& line) {
  const std::string part = path + ".part";
  UniqueFd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  const std::string text = line + "\n";
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::rename(part.c_str(), path.c_str()) != 0) {
    const std::string why = std::strerror(errno);
    ::unlink(part.c_str());
    return host_error("cannot write ready file '" + path + "': " + why);
  }
  return {};
}

Result<void> check_directory(const std::string& path) {
  const auto directory = std::filesystem::absolute(path).parent_path();
  std::error_code ignored;
  if (std::filesystem::is_directory(directory, ignored) &&
      !std::filesystem::is_directory(path, ignored) && ::access(directory.c_str(), W_OK) == 0) {
    return {};
  }
  return usage_error("--ready-file '" + path + "' cannot be written; its directory must exist");
}

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
  if (o.run.name && o.run.targets.size() > 1) {
    return usage_error("--name is for a single TARGET");
  }
  return p;
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
  if (!o.ready_file.empty()) {
    ::unlink(o.ready_file.c_str());  // an old one would lie
    if (auto writable = check_directory(o.ready_file); !writable) return fail(writable.error());
  }
  auto session = Session::start(parsed->emulator, functions);
  if (!session) return fail(session.error());
  Emulator& emulator = (*session)->emulator();
  auto port = emulator.serve(o.host, parsed->port);
  if (!port) {
    (*session)->finish(0);
    return fail(port.error());
  }
  const std::string host = o.host.find(':') != std::string::npos ? "[" + o.host + "]" : o.host;
  const std::string url = "http://" + host + ":" + std::to_string(*port);
  for (const auto& config : functions) {
    note("POST " + url + "/2015-03-31/functions/" + config.name + "/invocations");
  }
  (*session)->out().write(url + "\n");
  if (!o.ready_file.empty()) {
    if (auto written = write_ready_file(o.ready_file, url); !written) {
      (*session)->finish(0);
      return fail(written.error());
    }
  }
  emulator.run();
  if (!o.ready_file.empty()) ::unlink(o.ready_file.c_str());
  return (*session)->finish(0);
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
  command->add_option("--provisioned", o.provisioned, "environments started at once (0)")
      ->type_name("N");
  command
      ->add_option("--idle-timeout", o.idle_timeout, "aws, or a time after which an idle one ends")
      ->type_name("aws|DURATION");
  command
      ->add_option("--ready-file", o.ready_file, "written when the port accepts: http://HOST:PORT")
      ->type_name("FILE");
  add_run_options(*command, o.run, true);
  command->footer(
      "Example:\n  coldframe serve function/scoring --port 9000\n"
      "  aws lambda invoke --endpoint-url http://127.0.0.1:9000 \\\n"
      "      --function-name scoring --cli-binary-format raw-in-base64-out \\\n"
      "      --payload file://fixtures/events/scoring.json out.json");
  command->callback([options, &line] { line.exit_code = run(*options, line); });
}

}  // namespace coldframe::cli
