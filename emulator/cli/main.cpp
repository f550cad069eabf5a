// The program: parse, run the chosen command, exit with its code.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "emulator/cli/commands.hpp"
#include "emulator/cli/messages.hpp"
#include "emulator/process/descriptor_limit.hpp"

namespace {

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
  if (argc > 0 && std::filesystem::path(argv[0]).filename() == "aws-lambda-rie") {
    return coldframe::cli::fail(coldframe::unsupported(
        "to stand in for aws-lambda-rie is not in this version yet; use coldframe serve"));
  }
  coldframe::raise_descriptor_limit();
  coldframe::cli::CommandLine line;
  if (argc > 0 && *argv[0] != '\0') line.program = argv[0];
  const int code = coldframe::cli::run_command_line({argv + 1, argv + argc}, line);
  // Help, doctor and completions print through stdio; what was not written was not said.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "coldframe: cannot write to standard output: %s\n", std::strerror(errno));
    return 4;
  }
  return code;
}
