// The program: parse, run the chosen command, exit with its code.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>

#include "emulator/cli/commands.hpp"
#include "emulator/cli/options.hpp"
#include "emulator/process/descriptor_limit.hpp"

using namespace coldframe::cli;

namespace {

bool is_command(const CLI::App& app, const std::string& word) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(commands.begin(), commands.end(),
                     [&](const CLI::App* command) { return command->check_name(word); });
}

// A descriptor 0, 1 or 2 that was closed at our start would be given to the next file we open, and
// output would go there. Instead, reading finds the end, and writing to a closed output fails.
void occupy_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    const int opened = ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != fd) {
      ::dup2(opened, fd);
      ::close(opened);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  occupy_standard_descriptors();
  coldframe::raise_descriptor_limit();
  CommandLine line;
  std::vector<std::string> words(argv + 1, argv + argc);
  if (auto dashes = std::find(words.begin(), words.end(), "--"); dashes != words.end()) {
    line.bootstrap.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
    if (line.bootstrap.empty()) {
      std::fputs("coldframe: nothing after --; give the bootstrap command\n", stderr);
      return 2;
    }
  }
  CLI::App app("Runs your Lambda function through its real runtime client, as Lambda would.",
               "coldframe");
  app.set_version_flag("--version", "coldframe " COLDFRAME_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Example:\n  coldframe invoke function/scoring -e fixtures/events/scoring.json --repeat 5");
  add_invoke(app, line);
  add_serve(app, line);
  add_validate(app, line);
  add_bench(app, line);
  add_doctor(app, line);
  if (argc == 1) {
    std::fputs(app.help().c_str(), stdout);
    return 2;
  }
  if (!words.empty() && !words.front().starts_with('-') && !is_command(app, words.front())) {
    std::fprintf(stderr, "coldframe: '%s' is not a command; see coldframe --help\n",
                 one_line(words.front()).c_str());
    return 2;
  }
  if (!words.empty() && words.front().starts_with('-') &&
      app.get_option_no_throw(words.front()) == nullptr) {
    std::fprintf(stderr, "coldframe: '%s' is not an option; see coldframe --help\n",
                 one_line(words.front()).c_str());
    return 2;
  }
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    if (auto end = message.find('\n'); end != std::string::npos) message.resize(end);
    std::fprintf(stderr, "coldframe: %s; see --help\n", one_line(message).c_str());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coldframe: %s\n", error.what());
    return 4;
  }
  return line.exit_code;
}
