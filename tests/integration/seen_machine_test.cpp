// What a function in the strict sandbox sees of the machine: that of its memory size, not the
// host's.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/python_fixture.hpp"

namespace coldframe::testing {
namespace {

class SeenMachine : public PythonFixture {
 protected:
  // 4000 MB have three vCPUs, which few hosts have.
  static constexpr int k_memory_mb = 4000;
  static constexpr int k_vcpus = 3;

  void SetUp() override {
    PythonFixture::SetUp();
    function.memory_mb = k_memory_mb;
  }
  std::string read(const char* path) { return try_out({{"read", path}})["read"]; }
};

int count_lines(const std::string& text, const std::string& beginning) {
  std::istringstream in(text);
  int count = 0;
  for (std::string line; std::getline(in, line);)
    count += line.starts_with(beginning) ? 1 : 0;
  return count;
}

TEST_F(SeenMachine, HasTheCpusOfTheFunctionInEachFile) {
  start_strict(NetworkMode::host);
  const auto stat = read("/proc/stat");
  EXPECT_EQ(count_lines(stat, "cpu"), 1 + k_vcpus) << stat;
  EXPECT_EQ(count_lines(stat, "cpu2 "), 1) << stat;
  EXPECT_EQ(count_lines(stat, "btime "), 1) << stat;
  EXPECT_EQ(count_lines(read("/proc/cpuinfo"), "processor"), k_vcpus);
  EXPECT_EQ(read("/sys/devices/system/cpu/online"), "0-2\n");
  EXPECT_EQ(count_lines(read("/proc/meminfo"), "MemTotal:        4096000 kB"), 1);
}

constexpr const char* k_node_runtime = R"(
const http = require('http'), os = require('os');
const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;
function next() {
  http.get(base + 'next', (event) => {
    event.resume();
    event.on('end', () => {
      const id = event.headers['lambda-runtime-aws-request-id'];
      const post = http.request(base + id + '/response', {method: 'POST'}, (reply) => {
        reply.resume();
        reply.on('end', next);
      });
      post.end(String(os.cpus().length));
    });
  });
}
next();
)";

TEST_F(SeenMachine, HasTheCpusOfTheFunctionForNode) {
  constexpr const char* k_node = "/usr/bin/node";
  if (::access(k_node, X_OK) != 0) GTEST_SKIP() << "needs " << k_node;
  function.entry_point = {k_node, "-e", k_node_runtime};
  function.init_limit = std::chrono::minutes(2);
  start_strict(NetworkMode::host);
  EXPECT_EQ(invoke("{}").body, std::to_string(k_vcpus));
}

}  // namespace
}  // namespace coldframe::testing
