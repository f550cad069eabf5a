// The network of an environment, as the kernel makes it.
#include "emulator/sandbox/net_namespace.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/stat.h>

#include <csignal>
#include <new>
#include <string>
#include <vector>

#include "emulator/sandbox/side_process.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/sandbox_fixture.hpp"

namespace coldframe::testing {
namespace {

ino_t own_network() {
  struct stat about {};
  EXPECT_EQ(::stat("/proc/self/ns/net", &about), 0);
  return about.st_ino;
}

class NetNamespaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = NetNamespace::create();
    if (!made) GTEST_SKIP() << "needs network namespaces: " << made.error().message;
    net = std::move(*made);
  }
  int connect_from_inside(const char* address, int port) const {
    return in_child([&] { return enter(net.fd.get()) ? connect_to(address, port) : 255; });
  }
  NetNamespace net;
};

bool accepts(const UniqueFd& listener) {
  return UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)).get() >= 0;
}

TEST_F(NetNamespaceTest, HasTheRuntimeApiWhereAwsHasIt) {
  EXPECT_EQ(connect_from_inside("169.254.100.1", 9001), 0);
  EXPECT_TRUE(accepts(net.link_local_listener));
  EXPECT_FALSE(accepts(net.link_local_listener)) << "and does not block";
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(connect_from_inside("127.0.0.1", 9001), 0);
  EXPECT_TRUE(accepts(net.loopback_listener));
  for (const auto* fd : {&net.fd, &net.link_local_listener, &net.loopback_listener})
    EXPECT_EQ(::fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(NetNamespaceTest, HasNothingElse) {
  EXPECT_EQ(connect_from_inside("93.184.216.34", 443), ENETUNREACH);
  EXPECT_EQ(in_child([&] {
              if (!enter(net.fd.get())) return 255;
              int devices = 0;
              for (auto* names = ::if_nameindex(); names[devices].if_index != 0;)
                ++devices;
              return devices;
            }),
            1);
}

TEST_F(NetNamespaceTest, DoesNotReachTheLoopbackOfTheHost) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  EXPECT_EQ(connect_to("127.0.0.1", ntohs(name.sin_port)), 0);
  EXPECT_EQ(connect_from_inside("127.0.0.1", ntohs(name.sin_port)), ECONNREFUSED);
}

TEST_F(NetNamespaceTest, LeavesTheCallerWhereItIs) {
  const ino_t before = own_network();
  const int descriptors = open_descriptors();
  std::vector<NetNamespace> many;
  for (int i = 0; i < 20; ++i) {
    auto made = NetNamespace::create();
    ASSERT_TRUE(made) << made.error().message;
    many.push_back(std::move(*made));
  }
  EXPECT_EQ(own_network(), before);
  EXPECT_EQ(open_descriptors(), descriptors + 60);
  for (const auto& one : many) {
    EXPECT_EQ(in_child([&] { return enter(one.fd.get()) ? connect_to("127.0.0.1", 9001) : 255; }),
              0);
    EXPECT_TRUE(accepts(one.loopback_listener));
  }
  many.clear();
  EXPECT_EQ(open_descriptors(), descriptors);
}

#ifndef __SANITIZE_THREAD__  // with its second thread there can be no user namespace
TEST(NetNamespaceRights, AreThoseOfAUserNamespace) {
  const int outcome = in_user_namespace([] {
    const auto made = NetNamespace::create();
    if (!made) return 2;
    // Into it, but not back: that network belongs to others.
    if (!enter(made->fd.get()) || connect_to("169.254.100.1", 9001) != 0) return 3;
    return accepts(made->link_local_listener) ? 0 : 4;
  });
  if (outcome == k_no_namespaces) GTEST_SKIP() << "needs user namespaces";
  EXPECT_EQ(outcome, 0);
}
#endif

TEST(NetNamespaceRights, AreNamedWhenTheyAreMissing) {
  const int outcome = in_child([] {
    if (::geteuid() == 0 && ::setresuid(54321, 54321, 54321) != 0) return 1;
    const int descriptors = open_descriptors();
    const auto made = NetNamespace::create();
    if (made) return 2;
    if (made.error().message != "no network of its own: unshare: Operation not permitted") return 3;
    return open_descriptors() == descriptors ? 0 : 4;
  });
  EXPECT_EQ(outcome, 0);
}

TEST(SideProcess, LeavesUsWhatItOpened) {
  const int descriptors = open_descriptors();
  auto fds = run_beside("test", [](SideReport& report) {
    report.fds[1] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return 0;
  });
  ASSERT_TRUE(fds);
  EXPECT_FALSE((*fds)[0]);
  EXPECT_TRUE((*fds)[1]);
  EXPECT_EQ(open_descriptors(), descriptors + 1);
}

TEST(SideProcess, ClosesWhatItOpenedBeforeItFailed) {
  const int descriptors = open_descriptors();
  const auto failed = run_beside("test", [](SideReport& report) {
    report.fds[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    report.step = "second";
    return ENOMEM;
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "test: second: Cannot allocate memory");
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(SideProcess, HasNothingOfOursToChangeButMemoryAndDescriptors) {
  EXPECT_EQ(in_child([] {
              const mode_t mask = ::umask(027);
              int seen = 0;
              const auto done = run_beside("test", [&](SideReport&) {
                seen = ::getppid();
                ::umask(0);
                ::setsid();
                return ::chdir("/proc") == 0 ? 0 : errno;
              });
              char here[4096];
              if (!done || seen != ::getpid() || ::getcwd(here, sizeof here) == nullptr) return 1;
              if (std::string(here) == "/proc") return 2;
              return ::umask(mask) == 027 ? 0 : 3;
            }),
            0);
}

#ifndef __SANITIZE_ADDRESS__  // it does not know the other stack
TEST(SideProcess, TakesAnExceptionForALackOfMemory) {
  const auto failed = run_beside("test", [](SideReport& report) -> int {
    report.step = "much";
    throw std::bad_alloc();
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "test: much: Cannot allocate memory");
}
#endif

// What it was about to write to our memory is only half there.
TEST(SideProcess, TakesUsAlongWhenItIsKilled) {
  EXPECT_EQ(in_child([] {
              const auto none = run_beside("test", [](SideReport&) {
                ::kill(::getpid(), SIGKILL);
                return 0;
              });
              return 2;
            }),
            1);
}

}  // namespace
}  // namespace coldframe::testing
