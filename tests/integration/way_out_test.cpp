// A way out of an environment's network, through the programs that are installed here.
#include "emulator/sandbox/way_out.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <csignal>
#include <optional>

#include "emulator/sandbox/find_program.hpp"
#include "emulator/sandbox/net_namespace.hpp"
#include "tests/support/cgroup_fixture.hpp"
#include "tests/support/host_server.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/sandbox_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto k_patience = 20s;

WayOutProgram program(WayOutKind kind) {
  return kind == WayOutKind::slirp4netns
             ? WayOutProgram{kind, find_program("slirp4netns"), "10.0.2.3"}
             : WayOutProgram{kind, find_program("pasta"), "169.254.78.1"};
}

class WayOutTest : public ::testing::TestWithParam<WayOutKind> {
 protected:
  void SetUp() override {
    used = program(GetParam());
    if (used.path.empty()) {
      GTEST_SKIP() << "needs " << (GetParam() == WayOutKind::pasta ? "pasta" : "slirp4netns");
    }
  }
  WayOutProgram used;
};

class WayOutOfANetwork : public WayOutTest {
 protected:
  void SetUp() override {
    WayOutTest::SetUp();
    if (IsSkipped()) return;
    auto made = NetNamespace::create();
    if (!made) GTEST_SKIP() << "needs network namespaces: " << made.error().message;
    net = std::move(*made);
  }
  int connect_from_inside(const std::string& address, int port) const {
    return in_child([&] { return enter(net.fd.get()) ? connect_to(address.c_str(), port) : 255; });
  }
  NetNamespace net;
};

TEST_P(WayOutOfANetwork, ReachesTheWorldButNotTheLoopbackOfTheHost) {
  const HostServer server;
  auto way = WayOut::start(used, net.fd.get());
  ASSERT_TRUE(way) << way.error().message;
  const auto ready = way->await_ready(k_patience);
  ASSERT_TRUE(ready) << ready.error().message;
  ASSERT_TRUE(*ready);
  EXPECT_TRUE(*way->await_ready(0ms)) << "and stays so";

  EXPECT_EQ(connect_from_inside("169.254.100.1", 9001), 0) << "the Runtime API stays";
  EXPECT_NE(connect_from_inside("127.0.0.1", server.port), 0);
  if (GetParam() == WayOutKind::pasta) return;  // gives it the host's own address
  EXPECT_NE(connect_from_inside("10.0.2.2", server.port), 0) << "its name for the host";
  const std::string address = own_address();
  if (address.empty()) GTEST_SKIP() << "needs an address of the host that is not loopback";
  EXPECT_EQ(connect_from_inside(address, server.port), 0);
}

TEST_P(WayOutOfANetwork, LeavesNothingWhenItIsStopped) {
  const int descriptors = open_descriptors();
  pid_t pid = -1;
  {
    auto way = WayOut::start(used, net.fd.get());
    ASSERT_TRUE(way);
    pid = way->pid();
    EXPECT_TRUE(is_alive(pid));
    WayOut moved(std::move(*way));
    EXPECT_EQ(moved.pid(), pid);
    EXPECT_TRUE(is_alive(pid));
  }
  EXPECT_FALSE(is_alive(pid));
  EXPECT_EQ(open_descriptors(), descriptors);
}

// Memory that a child tells us a process id in.
struct SharedPid {
  SharedPid()
      : pid(static_cast<pid_t*>(::mmap(nullptr, sizeof(pid_t), PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    *pid = -1;
  }
  ~SharedPid() { ::munmap(pid, sizeof(pid_t)); }
  SharedPid(const SharedPid&) = delete;
  SharedPid& operator=(const SharedPid&) = delete;
  pid_t* pid;
};

// Starts it, waits until it is up, and is killed.
int start_and_die(const WayOutProgram& used, const NetNamespace& net, const SharedPid& shared) {
  auto way = WayOut::start(used, net.fd.get());
  if (!way) return 2;
  *shared.pid = way->pid();
  const auto ready = way->await_ready(k_patience);
  if (!ready) std::fprintf(stderr, "%s\n", ready.error().message.c_str());
  if (!ready || !*ready) return 3;
  ::raise(SIGKILL);
  return 4;
}

TEST_P(WayOutOfANetwork, DiesWithWhoStartedIt) {
  const SharedPid shared;
  EXPECT_EQ(in_child([&] { return start_and_die(used, net, shared); }), -SIGKILL);
  EXPECT_TRUE(wait_until([&] { return !is_alive(*shared.pid); }));
}

#ifndef __SANITIZE_THREAD__  // with its second thread there can be no user namespace
void expect_it_works_in_a_user_namespace(const WayOutProgram& used, const char* own_number) {
  const SharedPid shared;
  const int outcome = in_user_namespace(
      [&] {
        if (::access("/dev/net/tun", R_OK | W_OK) != 0) return k_no_namespaces;
        const auto inner = NetNamespace::create();
        return inner ? start_and_die(used, *inner, shared) : 1;
      },
      own_number);
  if (outcome == k_no_namespaces) GTEST_SKIP() << "needs user namespaces and /dev/net/tun for all";
  EXPECT_EQ(outcome, -SIGKILL);
  EXPECT_TRUE(wait_until([&] { return !is_alive(*shared.pid); }));
}

TEST_P(WayOutTest, WorksInAUserNamespaceOfItsOwnAndDiesWithIt) {
  expect_it_works_in_a_user_namespace(used, "0");
}

TEST_P(WayOutTest, KeepsThePrivilegesOfAUserNamespaceWhoseRootWeAreNot) {
  expect_it_works_in_a_user_namespace(used, "993");
}
#endif

const auto k_programs = ::testing::Values(WayOutKind::slirp4netns, WayOutKind::pasta);
std::string name_of(const ::testing::TestParamInfo<WayOutKind>& kind) {
  return kind.param == WayOutKind::pasta ? "Pasta" : "Slirp4netns";
}
#ifndef __SANITIZE_THREAD__
INSTANTIATE_TEST_SUITE_P(Programs, WayOutTest, k_programs, name_of);
#endif
INSTANTIATE_TEST_SUITE_P(Programs, WayOutOfANetwork, k_programs, name_of);

TEST(WayOutFailure, IsToldInTheProgramsLastWords) {
  const TempDir directory;
  const WayOutProgram broken{
      WayOutKind::slirp4netns,
      directory.write_executable("slirp4netns", "#!/bin/sh\necho first >&2\necho no tap >&2\n"),
      "10.0.2.3"};
  const UniqueFd some(::dup(0));
  auto way = WayOut::start(broken, some.get());
  ASSERT_TRUE(way);
  const auto ready = way->await_ready(k_patience);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().message, "no way out: " + broken.path + " has ended: no tap");
}

TEST(WayOutFailure, IsToldIfTheProgramIsNone) {
  auto way = WayOut::start({WayOutKind::slirp4netns, "/nowhere/slirp4netns", "10.0.2.3"}, 0);
  ASSERT_TRUE(way);
  const auto ready = way->await_ready(k_patience);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().message, "no way out: /nowhere/slirp4netns has ended");
}

}  // namespace
}  // namespace coldframe::testing
