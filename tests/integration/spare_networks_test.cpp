// Networks that are given on: only those in which there is no trace of anybody.
#include "emulator/sandbox/spare_networks.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/processes.hpp"
#include "tests/support/sandbox_fixture.hpp"

namespace coldframe::testing {
namespace {

ino_t identity(const SandboxNetwork& network) {
  struct stat about {};
  return ::fstat(network.name_space.fd.get(), &about) == 0 ? about.st_ino : 0;
}

class SpareNetworksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = spares.get(k_mine, false);
    if (!made) GTEST_SKIP() << "needs network namespaces: " << made.error().message;
    network.emplace(std::move(*made));
    network->idle = network_state(network->name_space.fd.get());
    ASSERT_NE(network->idle, "");
  }
  void dig() {
    auto hole = BlackHole::create(network->name_space.fd.get());
    if (!hole) GTEST_SKIP() << "needs TUN devices: " << hole.error().message;
    network->hole.emplace(std::move(*hole));
    network->idle = network_state(network->name_space.fd.get());
  }
  // Gives it back and asks for one; whether it is the same.
  bool comes_again(bool with_hole = false) {
    const ino_t before = identity(*network);
    // So that the number is not given to another.
    const UniqueFd held(::fcntl(network->name_space.fd.get(), F_DUPFD_CLOEXEC, 3));
    spares.put(std::move(*network));
    auto next = spares.get(k_mine, with_hole);
    if (!next) return false;
    network.emplace(std::move(*next));
    return identity(*network) == before;
  }
  // In a process inside.
  int inside(const std::function<int()>& work) const {
    return in_child([&] { return enter(network->name_space.fd.get()) ? work() : 255; });
  }
  const UniqueFd& listener() const { return network->name_space.loopback_listener; }
  static constexpr const char* k_mine = "/home/me/f";
  SpareNetworks spares;
  std::optional<SandboxNetwork> network;
};

TEST_F(SpareNetworksTest, GiveACleanOneOn) {
  EXPECT_TRUE(comes_again());
  EXPECT_TRUE(comes_again()) << "and again";
  EXPECT_EQ(inside([] { return connect_to("127.0.0.1", 9001); }), 0) << "it is as good as new";
}

TEST_F(SpareNetworksTest, DoNotGiveOneOnInWhichAConnectionWaitsForItsEnd) {
  EXPECT_EQ(inside([] { return connect_to("127.0.0.1", 9001); }), 0);
  { const UniqueFd accepted(::accept4(listener().get(), nullptr, nullptr, SOCK_CLOEXEC)); }
  EXPECT_FALSE(comes_again());
}

// As the Runtime API does when its client has gone.
TEST_F(SpareNetworksTest, GiveOneOnWhoseConnectionWasReset) {
  EXPECT_EQ(inside([] { return connect_to("127.0.0.1", 9001); }), 0);
  {
    const UniqueFd accepted(::accept4(listener().get(), nullptr, nullptr, SOCK_CLOEXEC));
    const linger none{1, 0};
    ASSERT_EQ(::setsockopt(accepted.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
  }
  EXPECT_TRUE(comes_again());
}

TEST_F(SpareNetworksTest, GiveNoConnectionOnThatNobodyAccepted) {
  EXPECT_EQ(inside([] { return connect_to("127.0.0.1", 9001); }), 0);
  EXPECT_TRUE(comes_again());
  EXPECT_LT(UniqueFd(::accept4(listener().get(), nullptr, nullptr, SOCK_CLOEXEC)).get(), 0);
}

TEST_F(SpareNetworksTest, DoNotGiveOneOnInWhichSomebodyIsLeft) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    UniqueFd told(ends[0]);
    UniqueFd tell(ends[1]);
    int held[2];
    ASSERT_EQ(::pipe(held), 0);
    UniqueFd hold(held[0]);
    UniqueFd release(held[1]);
    const pid_t pid = ::fork();
    if (pid == 0) {
      release.reset();
      if (!enter(network->name_space.fd.get())) ::_exit(1);
      const UniqueFd socket(::socket(AF_INET, type, 0));
      sockaddr_in name{};
      name.sin_family = AF_INET;
      name.sin_port = htons(8080);
      if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) ::_exit(1);
      if (type == SOCK_STREAM && ::listen(socket.get(), 1) != 0) ::_exit(1);
      char byte = 0;
      [[maybe_unused]] auto n = ::write(tell.get(), "", 1);
      n = ::read(hold.get(), &byte, 1);
      ::_exit(0);
    }
    tell.reset();
    char byte = 1;
    ASSERT_EQ(::read(told.get(), &byte, 1), 1);
    EXPECT_FALSE(comes_again()) << type;
    release.reset();
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
    network->idle = network_state(network->name_space.fd.get());
  }
}

TEST_F(SpareNetworksTest, GiveAHoleToWhoWantsOneAndWithNothingInIt) {
  dig();
  EXPECT_EQ(inside([] { return connect_to("10.1.2.3", 80, 10); }), EINPROGRESS);
  EXPECT_TRUE(comes_again(true));
  ASSERT_TRUE(network->hole);
  AttemptList attempts;
  // The kernel tries once more after a second, but that connection has ended with its process.
  network->hole->read(attempts);
  EXPECT_TRUE(attempts.attempts().empty());
  EXPECT_FALSE(comes_again(false)) << "who wants none gets none";
  EXPECT_FALSE(network->hole);
}

// An environment that has lost its sandbox keeps them until it gets others.
TEST_F(SpareNetworksTest, DoNotGiveOneOnWhoseListenersSomebodyHas) {
  UniqueFd held(::fcntl(listener().get(), F_DUPFD_CLOEXEC, 3));
  EXPECT_FALSE(comes_again());
  held.reset();
  EXPECT_EQ(inside([] { return connect_to("127.0.0.1", 9001); }), 0);
  EXPECT_GE(UniqueFd(::accept4(listener().get(), nullptr, nullptr, SOCK_CLOEXEC)).get(), 0);
}

TEST_F(SpareNetworksTest, GiveNoneToAnotherFunction) {
  const ino_t before = identity(*network);
  const UniqueFd kept(::fcntl(network->name_space.fd.get(), F_DUPFD_CLOEXEC, 3));
  spares.put(std::move(*network));
  const auto other = spares.get("/home/me/g", false);
  ASSERT_TRUE(other);
  EXPECT_NE(identity(*other), before);
}

TEST_F(SpareNetworksTest, DoNotGiveOneOnWhoseStateWasNeverKnown) {
  network->idle.clear();
  EXPECT_FALSE(comes_again());
}

TEST_F(SpareNetworksTest, AreAFewAtMost) {
  const int descriptors = open_descriptors();
  std::vector<SandboxNetwork> many;
  for (int i = 0; i < 8; ++i) {
    auto made = spares.get(k_mine, false);
    ASSERT_TRUE(made);
    made->idle = network->idle;
    many.push_back(std::move(*made));
  }
  for (auto& one : many)
    spares.put(std::move(one));
  many.clear();
  EXPECT_EQ(open_descriptors(), descriptors + 4) << "a namespace each";
}

}  // namespace
}  // namespace coldframe::testing
