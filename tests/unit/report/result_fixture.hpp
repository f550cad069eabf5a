// A head of a result file with every field set.
//
//   const Json json = Json::parse(bench_json(sample_head(), report));
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "emulator/report/result_file.hpp"

namespace coldframe::result_fixture {

inline std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream) << path;
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline ResultHead sample_head() {
  ResultHead head;
  head.tool_version = "0.1.0";
  head.command = "validate";
  head.started = WallTime(std::chrono::milliseconds(1'790'000'000'123));
  head.seed = 7;
  head.host.cpu_model = "A \xFF CPU";
  head.host.cores = 2;
  head.host.kernel = "6.1";
  head.host.memory_bytes = 1 << 30;
  head.host.load_1m = 0.5;
  head.host.steal_percent = 0.1;
  head.function = {"scoring", 1769, 1.0,    30,   "sha256:00",         "none", 1, "none",
                   "host",    "on", "disk", true, {{"limits", "auto"}}};
  head.reasons = {"because"};
  return head;
}

}  // namespace coldframe::result_fixture
