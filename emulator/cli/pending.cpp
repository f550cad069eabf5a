#include "emulator/cli/commands.hpp"
namespace coldframe::cli {
void add_doctor(CLI::App&, CommandLine&) {}
}  // namespace coldframe::cli
