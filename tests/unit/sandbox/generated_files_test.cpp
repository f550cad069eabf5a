#include "emulator/sandbox/generated_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace coldframe {
namespace {

constexpr const char* k_two_processors =
    "processor\t: 0\nmodel name\t: first\n\nprocessor\t: 1\nmodel name\t: second\n\n";

TEST(GeneratedFiles, KnowTheUserThatLambdaHas) {
  EXPECT_EQ(passwd_with_user("root:x:0:0:root:/root:/bin/sh\n"),
            "root:x:0:0:root:/root:/bin/sh\n"
            "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n");
  EXPECT_EQ(group_with_user("root:x:0:\n"), "root:x:0:\nsbx_user1051:x:990:\n");
}

// A number that another account of the host has would give the user its name.
TEST(GeneratedFiles, HaveNobodyElseOfThatNameOrNumber) {
  const auto text = passwd_with_user(
      "a:x:993:1::/:/bin/sh\nsbx_user1051:x:5:5::/:/bin/sh\nb:x:994:993::/:/bin/sh\n\n");
  EXPECT_EQ(text,
            "b:x:994:993::/:/bin/sh\n"
            "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n");
}

TEST(GeneratedFiles, ShowAsManyProcessorsAsTheFunctionSees) {
  EXPECT_EQ(cpuinfo_of(k_two_processors, 1), "processor\t: 0\nmodel name\t: first\n\n");
  EXPECT_EQ(cpuinfo_of(k_two_processors, 2), k_two_processors);
  EXPECT_EQ(cpuinfo_of(k_two_processors, 3),
            std::string(k_two_processors) + "processor\t: 2\nmodel name\t: second\n\n");
  EXPECT_EQ(cpuinfo_of("no such file\n", 2), "no such file\n");
}

TEST(GeneratedFiles, ShowTheMemoryOfTheFunctionAndNoSwap) {
  const auto text = meminfo_of(512);
  EXPECT_EQ(text.substr(0, text.find('\n')), "MemTotal:         524288 kB");
  EXPECT_NE(text.find("SwapTotal:             0 kB\n"), std::string::npos);
}

TEST(GeneratedFiles, AreThoseOfTheirFacts) {
  GeneratedFacts facts;
  facts.vcpus = 4;
  const auto files = generated_files(facts, {"", "", k_two_processors});
  const auto content = [&](const std::string& path) {
    const auto it = std::find_if(files.begin(), files.end(),
                                 [&](const auto& file) { return file.path == path; });
    return it == files.end() ? "none" : it->content;
  };
  EXPECT_EQ(content("/sys/devices/system/cpu/online"), "0-3\n");
  EXPECT_EQ(content("/sys/devices/system/cpu/present"), "0-3\n");
  EXPECT_EQ(content("/sys/devices/system/cpu/possible"), "0-3\n");
  EXPECT_EQ(content("/etc/resolv.conf"), "none");
  facts.resolv_conf = "nameserver 169.254.78.1\n";
  EXPECT_EQ(generated_files(facts, {}).back().content, facts.resolv_conf);
}

}  // namespace
}  // namespace coldframe
