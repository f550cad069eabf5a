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
  // What psutil would warn of.
  for (const char* name : {"Active", "Inactive", "Shmem", "Slab", "SReclaimable", "SUnreclaim"})
    EXPECT_NE(text.find(std::string("\n") + name + ": "), std::string::npos) << name;
}

TEST(GeneratedFiles, CountTheCpusOfTheFunctionAlsoInStat) {
  const std::string host =
      "cpu  33 4 5 6\ncpu0 11 1 2 3\ncpu1 22 3 3 3\nintr 9 0\nbtime 7\nsoftirq 1 2\n";
  const std::string rest = "intr 9 0\nbtime 7\nsoftirq 1 2\n";
  EXPECT_EQ(cpu_stat_of(host, 1), "cpu  11 1 2 3\ncpu0 11 1 2 3\n" + rest);
  EXPECT_EQ(cpu_stat_of(host, 2), "cpu  33 4 5 6\ncpu0 11 1 2 3\ncpu1 22 3 3 3\n" + rest);
  EXPECT_EQ(cpu_stat_of(host, 3),
            "cpu  55 7 8 9\ncpu0 11 1 2 3\ncpu1 22 3 3 3\ncpu2 22 3 3 3\n" + rest);
  for (const char* strange : {"", "no such file\n", "cpu\n", "cpu0\nbtime 1\n"})
    EXPECT_EQ(cpu_stat_of(strange, 2), strange);
}

TEST(GeneratedFiles, AreThoseOfTheirFacts) {
  GeneratedFacts facts;
  facts.vcpus = 4;
  const auto files =
      generated_files(facts, {"", "", k_two_processors, "", "cpu  1 2\ncpu0 1 2\nbtime 3\n"});
  const auto content = [&](const std::string& path) {
    const auto it = std::find_if(files.begin(), files.end(),
                                 [&](const auto& file) { return file.path == path; });
    return it == files.end() ? "none" : it->content;
  };
  EXPECT_EQ(content("/sys/devices/system/cpu/online"), "0-3\n");
  EXPECT_EQ(content("/sys/devices/system/cpu/present"), "0-3\n");
  EXPECT_EQ(content("/sys/devices/system/cpu/possible"), "0-3\n");
  EXPECT_EQ(content("/proc/stat"), "cpu  4 8\ncpu0 1 2\ncpu1 1 2\ncpu2 1 2\ncpu3 1 2\nbtime 3\n");
  EXPECT_EQ(content("/etc/resolv.conf"), "none");
  facts.resolv_conf = "nameserver 169.254.78.1\n";
  EXPECT_EQ(generated_files(facts, {}).back().content, facts.resolv_conf);
}

TEST(GeneratedFiles, AddTheSandboxsNamesToTheHosts) {
  EXPECT_EQ(hosts_with_sandbox("127.0.0.1 localhost\n10.0.0.7 db"),
            "127.0.0.1 localhost\n10.0.0.7 db\n127.0.0.1\tsandbox.localdomain sandbox\n");
  EXPECT_EQ(hosts_with_sandbox(""),
            "127.0.0.1\tlocalhost\n127.0.0.1\tsandbox.localdomain sandbox\n");
}

}  // namespace
}  // namespace coldframe
