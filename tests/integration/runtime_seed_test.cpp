// The process that waits, inside, to become the runtime, as its orders come.
#include "emulator/sandbox/runtime_seed.hpp"

#include <gtest/gtest.h>

#include "emulator/sandbox/init_protocol.hpp"
#include "emulator/sandbox/message.hpp"
#include "tests/support/sandbox_fixture.hpp"

namespace coldframe::testing {
namespace {

bool order(int socket, std::int64_t whom, const std::string& command) {
  MessageWriter out;
  out.number(static_cast<std::int64_t>(SeedMessage::run));
  out.number(whom);
  out.text("/bin/sh");
  out.texts({"/bin/sh", "-c", command});
  out.texts({});
  out.text("/");
  out.numbers({});
  out.number(62);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  return send_message(socket, out, {null.get(), null.get(), null.get(), null.get()});
}

// An earlier seed was killed before it read its order.
TEST(RuntimeSeed, PassesOverAnOrderToAnother) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  auto ends = message_pair();
  ASSERT_TRUE(ends);
  EXPECT_TRUE(order(ends->first.get(), 1, "exit 3"));
  const pid_t pid = ::fork();
  if (pid == 0) {
    ends->first.reset();
    ::alarm(60);
    SeedPlan plan;
    plan.start_socket = ends->second.get();
    run_seed(plan);
  }
  ends->second.reset();
  const auto ready = receive_message(ends->first.get());
  ASSERT_TRUE(ready);
  MessageReader in = ready->reader();
  ASSERT_EQ(in.number(), static_cast<std::int64_t>(SeedMessage::ready)) << in.text();
  EXPECT_TRUE(order(ends->first.get(), pid, "exit 7"));
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace coldframe::testing
