#include "emulator/cli/commands.hpp"
namespace coldframe::cli {
void add_validate(CLI::App&, CommandLine&) {}
void add_bench(CLI::App&, CommandLine&) {}
void add_doctor(CLI::App&, CommandLine&) {}
}  // namespace coldframe::cli
