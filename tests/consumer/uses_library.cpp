// The library in a few lines: start a function, ask it, look at the answer.
#include <cstdio>

#include "emulator/config/target.hpp"
#include "emulator/emulator.hpp"

using namespace coldframe;

int main(int, char** argv) {
  auto function = resolve_target(argv[1], {}, {});
  if (!function) {
    std::fprintf(stderr, "%s\n", function.error().message.c_str());
    return 2;
  }
  auto emulator = Emulator::create({}).value();
  emulator->add(function->config).value();
  auto answer = emulator->invoke_and_wait(
      {.function = function->config.name, .payload = make_payload(R"({"answer":42})")});
  emulator->stop();
  std::puts(answer.payload->c_str());
  return *answer.payload == R"({"answer":42})" ? 0 : 1;
}
