// A whole emulator in a test, and its loop on the test's thread.
//
//   start();
//   auto caller = call("{}");                   // an invoke is on its way
//   …
//   EXPECT_EQ(caller.finish().body, "\"ok\"");
//
// Tests use one of its two kinds, StubFixture (fake time and processes) or ChildFixture (real
// ones), and change `function` and `options` before start(). A test that fails shows the end of the
// log and the state of every environment.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/emulator.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/invoke_client.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/recording_sink.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {

class EmulatorFixture : public ::testing::Test, public Pump {
 public:
  // One turn of the loop; for at most a millisecond.
  void turn() override;
  std::string describe() const override;

 protected:
  EmulatorFixture();
  // The emulator ends before anything of a derived fixture does.
  void TearDown() override;

  // Creates the emulator with `options`, adds `function` and the given ones, and serves.
  void start(std::vector<FunctionConfig> more = {});
  // The end, as at the end of the program; without effect the second time.
  void stop();
  // As before start(); the emulator is gone with all it had.
  void restart() { emulator_.reset(); }

  bool until(const std::function<bool()>& condition) { return pump_until(*this, condition); }

  // A new connection with an invoke on its way.
  InvokeClient call(std::string_view event, const HeaderList& headers = {},
                    std::string_view function_name = "f");
  InvokeClient caller(std::string_view function_name = "f") {
    return {*this, port_, function_name};
  }
  // State of the environments of the first function: "Idle", "Busy", …
  std::vector<std::string> states() const;
  Emulator& emulator() { return *emulator_; }
  std::uint16_t port() const { return port_; }

  TempDir directory;
  FunctionConfig function;  // f, $LATEST, 3 s, 128 MB
  EmulatorOptions options;
  CapturedLog log;
  RecordingSink records;

 private:
  virtual void on_created() {}
  std::unique_ptr<Emulator> emulator_;
  std::uint16_t port_ = 0;
};

}  // namespace coldframe::testing
