// The program: parse, run the chosen command, exit with its code.
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "emulator/cli/commands.hpp"

int main(int argc, char** argv) {
  coldframe::cli::CommandLine line;
  const int code = coldframe::cli::run_command_line({argv + 1, argv + argc}, line);
  // Help, doctor and completions print through stdio; what was not written was not said.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "coldframe: cannot write to standard output: %s\n", std::strerror(errno));
    return 4;
  }
  return code;
}
