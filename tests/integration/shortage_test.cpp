// When descriptors run out: our failure, said as such, and over as soon as there are some again.
// Not with AddressSanitizer's companion UBSan: it makes a pipe to see whether memory can be read,
// and where that fails takes living objects for dead ones.
#ifndef __SANITIZE_ADDRESS__
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"

namespace coldframe::testing {
namespace {

class Shortage : public ChildFixture {
 protected:
  ~Shortage() override { allow(before_); }
  // Leaves room for about `more` descriptors beyond those that are open.
  void leave(int more) { allow(static_cast<rlim_t>(open_descriptors() + more)); }
  void relieve() { allow(before_); }

 private:
  static rlim_t current() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }
  static void allow(rlim_t count) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = count;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  const rlim_t before_ = current();
};

TEST_F(Shortage, HoweverFewDescriptorsThereAreEachInvokeIsAnsweredAndTheNextOneIsWell) {
  play(k_obey);
  options.concurrency = 1;
  start();
  for (int room = -4; room <= 16; ++room) {
    auto client = caller();
    client.invoke("{}", {{"X-Amz-Invocation-Type", "DryRun"}});  // accepted, so that it has its own
    emulator().recycle("f");
    leave(room);
    client.start(order("respond 1"));
    const auto answer = client.finish();
    relieve();
    EXPECT_TRUE(answer.status == 200 || answer.status == 500) << room << ": " << answer.body;
    if (answer.status == 500) {
      EXPECT_NE(answer.body.find("could not open an execution environment"), std::string::npos)
          << answer.body;
    }
    EXPECT_EQ(client.invoke(order("respond 2")).body, "2") << room;
  }
}

TEST_F(Shortage, AnAcceptedEventIsNotLost) {
  play(k_obey);
  start();
  auto client = caller();
  client.invoke("{}", {{"X-Amz-Invocation-Type", "DryRun"}});
  for (const int room : {-4, -2, 1, 4, 6, 8}) {
    const auto ran = "ran with room for " + std::to_string(room);
    emulator().recycle("f");
    leave(room);
    EXPECT_EQ(client.invoke(order("print " + ran), {{"X-Amz-Invocation-Type", "Event"}}).status,
              202);
    for (int i = 0; i < 20; ++i)
      turn();
    relieve();
    EXPECT_TRUE(until([&] { return log.contains(ran + "\n"); })) << room;
  }
  EXPECT_TRUE(log.contains("coldframe: cannot listen on"));
  EXPECT_TRUE(log.contains("coldframe: cannot start a process: cannot make a pipe"));
}

TEST_F(Shortage, AConnectionThatComesWhileThereIsNoneIsAcceptedLater) {
  play(k_obey);
  start();
  auto first = caller();  // its own descriptor is this process's too
  first.invoke("{}", {{"X-Amz-Invocation-Type", "DryRun"}});
  auto second = caller();
  leave(0);
  second.start("{}", {{"X-Amz-Invocation-Type", "DryRun"}});
  for (int i = 0; i < 50; ++i)
    turn();
  relieve();
  EXPECT_EQ(second.finish().status, 204);
}

}  // namespace
}  // namespace coldframe::testing
#endif
