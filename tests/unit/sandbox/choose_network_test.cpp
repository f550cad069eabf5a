#include "emulator/sandbox/choose_network.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

const Result<WayOutProgram> k_program =
    WayOutProgram{WayOutKind::slirp4netns, "/usr/bin/slirp4netns", "10.0.2.3"};

TEST(ChooseNetwork, TakesWhatIsWanted) {
  EXPECT_EQ(choose_network(NetworkMode::none, k_program)->mode, NetworkMode::none);
  const auto hosts = choose_network(NetworkMode::host, k_program);
  EXPECT_EQ(hosts->mode, NetworkMode::host);
  EXPECT_EQ(hosts->why_host, "") << "that was wanted";
}

TEST(ChooseNetwork, WithoutAProgramRefusesAnOpenOneAndFallsBackToTheHosts) {
  const Result<WayOutProgram> none = unsupported("no program; install one");
  const auto refused = choose_network(NetworkMode::open, none);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ExitCode::not_supported);
  EXPECT_EQ(refused.error().message, "no program; install one");
  const auto chosen = choose_network(std::nullopt, none);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->mode, NetworkMode::host);
  EXPECT_EQ(chosen->why_host, "no program; install one");
}

TEST(ChooseNetwork, WithAProgramIsOpenUnlessThereAreNoTunDevices) {
  const auto chosen = choose_network(std::nullopt, k_program);
  ASSERT_TRUE(chosen);
  if (chosen->mode == NetworkMode::host) {
    EXPECT_NE(chosen->why_host.find("/dev/net/tun"), std::string::npos);
    EXPECT_FALSE(choose_network(NetworkMode::open, k_program));
  } else {
    EXPECT_EQ(chosen->way_out.path, "/usr/bin/slirp4netns");
    EXPECT_EQ(choose_network(NetworkMode::open, k_program)->way_out.path, "/usr/bin/slirp4netns");
  }
}

TEST(NetworkMode, HasTheWordsOfTheOption) {
  EXPECT_STREQ(to_text(NetworkMode::open), "open");
  EXPECT_STREQ(to_text(NetworkMode::none), "none");
  EXPECT_STREQ(to_text(NetworkMode::host), "host");
}

}  // namespace
}  // namespace coldframe
