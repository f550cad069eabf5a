// The library in a few lines, as a C++ test of somebody's function would use it.
#include <gtest/gtest.h>

#include "emulator/emulator.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

TEST(Example, StartsAFunctionAndInvokesItInAFewLines) {
  FunctionConfig config;
  config.name = "echo";
  config.entry_point = {COLDFRAME_BINARY_DIR "/bin/instant_runtime"};
  config.task_root = config.working_directory = "/tmp";

  auto emulator = Emulator::create({}).value();
  emulator->add(config).value();
  const auto answer =
      emulator->invoke_and_wait({.function = "echo", .payload = make_payload(R"({"n":1})")});
  EXPECT_EQ(*answer.payload, R"({"n":1})");
  EXPECT_FALSE(answer.function_error);
  emulator->stop();
}

TEST(Example, TellsAWarmAnswerFromAColdOne) {
  FunctionConfig config;
  config.name = "echo";
  config.entry_point = {COLDFRAME_BINARY_DIR "/bin/instant_runtime"};
  config.task_root = config.working_directory = "/tmp";

  auto emulator = Emulator::create({}).value();
  emulator->add(config).value();
  const InvokeRequest request{.function = "echo", .payload = make_payload("{}")};
  EXPECT_TRUE(emulator->observe(request).value().record.cold);
  EXPECT_FALSE(emulator->observe(request).value().record.cold);
  emulator->recycle("echo").value();
  EXPECT_TRUE(emulator->observe(request).value().record.cold);
}

}  // namespace
}  // namespace coldframe
