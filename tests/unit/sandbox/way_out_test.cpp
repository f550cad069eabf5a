#include "emulator/sandbox/way_out.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace coldframe {
namespace {

bool has(const std::vector<std::string>& arguments, const std::string& wanted) {
  return std::find(arguments.begin(), arguments.end(), wanted) != arguments.end();
}

TEST(WayOutArguments, CutOffTheLoopbackOfTheHost) {
  const WayOutFds fds{7, 8, 9};
  const auto slirp =
      way_out_arguments({WayOutKind::slirp4netns, "/s", "10.0.2.3"}, fds, {true, true});
  EXPECT_EQ(slirp.front(), "/s");
  EXPECT_TRUE(has(slirp, "--disable-host-loopback"));
  EXPECT_TRUE(has(slirp, "--ready-fd=8"));
  EXPECT_TRUE(has(slirp, "--exit-fd=9"));
  EXPECT_TRUE(has(slirp, "/proc/self/fd/7"));
  EXPECT_TRUE(has(slirp, "--enable-sandbox"));
  for (const WayOutPowers few : {WayOutPowers{false, true}, WayOutPowers{true, false}}) {
    EXPECT_FALSE(
        has(way_out_arguments({WayOutKind::slirp4netns, "/s", ""}, fds, few), "--enable-sandbox"));
  }
  const auto pasta = way_out_arguments({WayOutKind::pasta, "/p", "1.2.3.4"}, fds, {false, true});
  EXPECT_TRUE(has(pasta, "--no-map-gw"));
  EXPECT_EQ(std::count(pasta.begin(), pasta.end(), "none"), 4);
  EXPECT_TRUE(has(pasta, "1.2.3.4"));
  EXPECT_FALSE(has(pasta, "--runas"));
  EXPECT_TRUE(has(way_out_arguments({WayOutKind::pasta, "/p", ""}, fds, {true, false}), "--runas"));
}

}  // namespace
}  // namespace coldframe
