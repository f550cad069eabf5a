// A runtime that plays a dialogue file against the Runtime API named by AWS_LAMBDA_RUNTIME_API.
//
//   AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001 scripted_runtime crash.txt
//
// README.md lists the commands. Exit 0 at the end of the file; 64 dialogue or usage wrong, 65 next
// refused, 66 an expectation failed, 69 connection or system call failed; each with one sentence.

#include <cstdio>
#include <cstdlib>

#include "player.hpp"
#include "text.hpp"

int main(int argc, char** argv) {
  using namespace scripted;
  try {
    if (argc != 2) throw Stop(k_exit_usage, "needs one argument, the dialogue file");
    const Steps steps = parse_file(argv[1]);
    const char* address = std::getenv("AWS_LAMBDA_RUNTIME_API");
    if (address == nullptr) {
      throw Stop(k_exit_usage, "AWS_LAMBDA_RUNTIME_API is not set; it must name HOST:PORT");
    }
    Player(address).play(steps);
  } catch (const Stop& stop) {
    const std::string place = stop.place().empty() ? "scripted_runtime" : stop.place();
    std::fprintf(stderr, "%s: %s\n", place.c_str(), stop.what());
    return stop.exit_code();
  }
  return 0;
}
