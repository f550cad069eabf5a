// A network that leads nowhere, as the kernel makes it.
#include "emulator/sandbox/black_hole.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <optional>

#include "emulator/sandbox/net_namespace.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/sandbox_fixture.hpp"

namespace coldframe::testing {
namespace {

// Long enough for an answer of the own kernel, which comes inside connect().
constexpr int k_patience_ms = 50;

class BlackHoleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = NetNamespace::create();
    if (!made) GTEST_SKIP() << "needs network namespaces: " << made.error().message;
    net = std::move(*made);
    auto dug = BlackHole::create(net.fd.get());
    if (!dug) GTEST_SKIP() << "needs TUN devices: " << dug.error().message;
    hole.emplace(std::move(*dug));
  }
  int connect_from_inside(const char* address, int port) const {
    return in_child(
        [&] { return enter(net.fd.get()) ? connect_to(address, port, k_patience_ms) : 255; });
  }
  std::vector<std::string> attempts() {
    AttemptList list;
    EXPECT_FALSE(hole->read(list));
    return list.attempts();
  }
  NetNamespace net;
  std::optional<BlackHole> hole;
};

TEST_F(BlackHoleTest, LetsConnectsHangAndNamesThem) {
  EXPECT_EQ(connect_from_inside("93.184.216.34", 443), EINPROGRESS);
  EXPECT_EQ(connect_from_inside("93.184.216.34", 443), EINPROGRESS);
  EXPECT_EQ(connect_from_inside("10.1.2.3", 5432), EINPROGRESS);
  EXPECT_EQ(attempts(), (std::vector<std::string>{"tcp 93.184.216.34:443", "tcp 10.1.2.3:5432"}));
}

TEST_F(BlackHoleTest, LetsConnectsByIpv6HangToo) {
  const int outcome = connect_from_inside("2001:db8::42", 443);
  if (outcome == ENETUNREACH || outcome == EADDRNOTAVAIL || outcome == EAFNOSUPPORT) {
    GTEST_SKIP() << "needs a kernel with IPv6";
  }
  EXPECT_EQ(outcome, EINPROGRESS);
  EXPECT_EQ(attempts(), std::vector<std::string>{"tcp [2001:db8::42]:443"});
}

TEST_F(BlackHoleTest, NamesWhatTheResolverIsAskedFor) {
  EXPECT_EQ(in_child([&] {
              if (!enter(net.fd.get())) return 1;
              const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
              sockaddr_in name{};
              name.sin_family = AF_INET;
              name.sin_port = htons(53);
              ::inet_pton(AF_INET, k_lambda_resolver, &name.sin_addr);
              const std::string_view text("\1\2\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1", 29);
              return ::sendto(fd.get(), text.data(), text.size(), 0,
                              reinterpret_cast<sockaddr*>(&name), sizeof name) == 29
                         ? 0
                         : 2;
            }),
            0);
  EXPECT_EQ(attempts(), std::vector<std::string>{"udp 169.254.78.1:53 (DNS question example.com)"});
}

TEST_F(BlackHoleTest, LeavesTheRuntimeApiWhereItIs) {
  EXPECT_EQ(connect_from_inside("169.254.100.1", 9001), 0);
  EXPECT_EQ(connect_from_inside("127.0.0.1", 9001), 0);
  EXPECT_EQ(connect_from_inside("127.0.0.1", 9), ECONNREFUSED);
  EXPECT_EQ(attempts(), std::vector<std::string>{});
}

TEST_F(BlackHoleTest, DoesNotBlockItsReader) {
  EXPECT_EQ(attempts(), std::vector<std::string>{}) << "the kernel's own packets are no attempts";
  EXPECT_TRUE((::fcntl(hole->fd(), F_GETFL) & O_NONBLOCK) != 0);
  EXPECT_EQ(::fcntl(hole->fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(BlackHoleTest, IsGoneWhenItIsClosed) {
  const int descriptors = open_descriptors();
  hole.reset();
  EXPECT_EQ(open_descriptors(), descriptors - 1);
  EXPECT_EQ(connect_from_inside("93.184.216.34", 443), ENETUNREACH);
  EXPECT_TRUE(BlackHole::create(net.fd.get())) << "again";
}

TEST_F(BlackHoleTest, SaysWhichStepFailed) {
  const int descriptors = open_descriptors();
  const auto second = BlackHole::create(net.fd.get());
  ASSERT_FALSE(second) << "the device is there already";
  EXPECT_EQ(second.error().message,
            "no network that leads nowhere: /dev/net/tun: Device or resource busy");
  const auto nowhere = BlackHole::create(-1);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().message, "no network that leads nowhere: setns: Bad file descriptor");
  EXPECT_EQ(open_descriptors(), descriptors);
}

#ifndef __SANITIZE_THREAD__  // with its second thread there can be no user namespace
TEST(BlackHoleRights, AreThoseOfAUserNamespace) {
  const int outcome = in_user_namespace([] {
    if (::access("/dev/net/tun", R_OK | W_OK) != 0) return k_no_namespaces;
    const auto net = NetNamespace::create();
    if (!net) return 2;
    auto hole = BlackHole::create(net->fd.get());
    if (!hole) return 3;
    if (!enter(net->fd.get())) return 4;
    if (connect_to("93.184.216.34", 443, k_patience_ms) != EINPROGRESS) return 5;
    AttemptList list;
    hole->read(list);
    return list.attempts() == std::vector<std::string>{"tcp 93.184.216.34:443"} ? 0 : 6;
  });
  if (outcome == k_no_namespaces) GTEST_SKIP() << "needs user namespaces and /dev/net/tun for all";
  EXPECT_EQ(outcome, 0);
}
#endif

}  // namespace
}  // namespace coldframe::testing
