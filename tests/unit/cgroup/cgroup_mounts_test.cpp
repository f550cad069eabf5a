#include "emulator/cgroup/cgroup_mounts.hpp"

#include <gtest/gtest.h>

#include "tests/unit/cgroup/fake_kernel.hpp"

namespace coldframe {
namespace {

using testing::FakeKernel;

std::vector<CgroupHierarchy> parse(std::string_view mountinfo, std::string_view own,
                                   const std::string& root = "") {
  return parse_cgroup_mounts(mountinfo, own, root, [](const std::string& path) {
    return path.ends_with("/cgroup.controllers") ? "cpu memory pids\n" : "";
  });
}

// "v1 [cpu cpuacct] /sys/fs/cgroup/cpu own /sys/fs/cgroup/cpu/a"
std::string told(const CgroupHierarchy& hierarchy) {
  std::string text = "v" + std::to_string(hierarchy.version) + " [" + hierarchy.name;
  for (const auto& controller : hierarchy.controllers)
    text += (text.ends_with('[') ? "" : " ") + controller;
  return text + "] " + hierarchy.mount_point + " own " + hierarchy.own_group +
         (hierarchy.read_only ? " ro" : "");
}

std::vector<std::string> told(const std::vector<CgroupHierarchy>& hierarchies) {
  std::vector<std::string> out;
  for (const auto& hierarchy : hierarchies)
    out.push_back(told(hierarchy));
  return out;
}

using Texts = std::vector<std::string>;

TEST(CgroupMounts, FindTheUnifiedHierarchyAndTheOwnGroupInIt) {
  EXPECT_EQ(
      told(parse("35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
                 "0::/user.slice/user-1000.slice/run-1.scope\n")),
      (Texts{"v2 [cpu memory pids] /sys/fs/cgroup own "
             "/sys/fs/cgroup/user.slice/user-1000.slice/run-1.scope"}));
}

TEST(CgroupMounts, FindCoMountedControllersAndNamedHierarchies) {
  EXPECT_EQ(
      told(parse("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                 "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                 "33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
                 "34 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
                 "4:cpu,cpuacct:/a\n3:memory:/\n1:name=systemd:/b\n")),
      (Texts{"v1 [cpu cpuacct] /sys/fs/cgroup/cpu,cpuacct own /sys/fs/cgroup/cpu,cpuacct/a",
             "v1 [memory] /sys/fs/cgroup/memory own /sys/fs/cgroup/memory",
             "v1 [systemd] /sys/fs/cgroup/systemd own /sys/fs/cgroup/systemd/b"}));
}

TEST(CgroupMounts, FindBothVersionsOnAHybridHost) {
  const auto found = parse(
      "32 31 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
      "8:pids:/x\n0::/x\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].version, 1);
  EXPECT_EQ(found[1].own_group, "/sys/fs/cgroup/unified/x");
}

TEST(CgroupMounts, UndoTheEscapesOfMountinfo) {
  EXPECT_EQ(told(parse("35 24 0:30 / /mnt/a\\040b\\134c\\011d rw - cgroup2 none rw\n", "0::/x\n")),
            (Texts{"v2 [cpu memory pids] /mnt/a b\\c\td own /mnt/a b\\c\td/x"}));
}

TEST(CgroupMounts, LeaveAnUnfinishedEscapeAsItIs) {
  EXPECT_EQ(parse("35 24 0:30 / /mnt/a\\04 rw - cgroup2 none rw\n", "0::/\n")[0].mount_point,
            "/mnt/a\\04");
}

TEST(CgroupMounts, KeepAColonInTheNameOfAGroup) {
  EXPECT_EQ(parse("35 24 0:30 / /c rw - cgroup2 none rw\n", "0::/a:b\n")[0].own_group, "/c/a:b");
}

TEST(CgroupMounts, KnowThatEitherTheMountOrTheFileSystemIsReadOnly) {
  EXPECT_TRUE(parse("35 24 0:30 / /c ro,nosuid - cgroup2 none rw\n", "0::/\n")[0].read_only);
  EXPECT_TRUE(parse("35 24 0:30 / /c rw - cgroup2 none ro,nsdelegate\n", "0::/\n")[0].read_only);
  EXPECT_FALSE(parse("35 24 0:30 / /c rw - cgroup2 none rw,root\n", "0::/\n")[0].read_only);
}

TEST(CgroupMounts, StripWhatTheMountDoesNotShow) {
  // A container of Docker with cgroup v1: the mount shows its own group as its top.
  const std::string mount =
      "35 24 0:30 /docker/abc /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n";
  EXPECT_EQ(parse(mount, "3:pids:/docker/abc\n")[0].own_group, "/sys/fs/cgroup/pids");
  EXPECT_EQ(parse(mount, "3:pids:/docker/abc/x\n")[0].own_group, "/sys/fs/cgroup/pids/x");
  EXPECT_EQ(parse(mount, "3:pids:/docker/abcd\n")[0].own_group, "");
  EXPECT_EQ(parse(mount, "3:pids:/\n")[0].own_group, "");
}

TEST(CgroupMounts, KnowWhenACgroupNamespaceHidesTheOwnGroup) {
  const std::string plain = "35 24 0:30 / /c rw - cgroup2 none rw\n";
  EXPECT_EQ(parse(plain, "0::/../other\n")[0].own_group, "");
  EXPECT_EQ(parse(plain, "0::/..\n")[0].own_group, "");
  EXPECT_EQ(parse(plain, "0::/..odd\n")[0].own_group, "/c/..odd");
  // The mount was made outside of the namespace: we are below it, by a name that is not told.
  const std::string outside = "35 24 0:30 /../.. /c rw - cgroup2 none rw\n";
  EXPECT_EQ(parse(outside, "0::/\n")[0].own_group, "");
  EXPECT_EQ(parse(outside, "0::/../../x\n")[0].own_group, "/c/x");
  EXPECT_EQ(parse(outside, "0::/../../..\n")[0].own_group, "");
}

TEST(CgroupMounts, PreferTheMountThatShowsMore) {
  EXPECT_EQ(told(parse("35 24 0:30 /other /a rw - cgroup2 none rw\n"
                       "36 24 0:30 / /b ro - cgroup2 none rw\n"
                       "37 24 0:30 / /c rw - cgroup2 none rw\n"
                       "38 24 0:30 / /d rw - cgroup2 none rw\n",
                       "0::/x\n")),
            (Texts{"v2 [cpu memory pids] /c own /c/x"}));
}

TEST(CgroupMounts, PassOverWhatAnotherMountHides) {
  const std::string unified = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n";
  const std::string top = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n";
  const std::string own = "0::/\n";
  EXPECT_EQ(parse(top + unified, own).size(), 1U);
  // On itself, on the mount that it stands in, and on a directory on the way.
  EXPECT_EQ(
      parse(top + unified + "50 41 0:40 / /sys/fs/cgroup/unified rw - tmpfs none rw\n", own).size(),
      0U);
  EXPECT_EQ(parse(top + unified + "50 31 0:40 / /sys/fs/cgroup rw - tmpfs none rw\n", own).size(),
            0U);
  EXPECT_EQ(parse("23 1 0:20 / /sys rw - sysfs none rw\n"
                  "41 23 0:38 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n"
                  "50 23 0:40 / /sys/fs rw - tmpfs none rw\n",
                  own)
                .size(),
            0U);
  // Beside it.
  EXPECT_EQ(
      parse(top + unified + "50 31 0:40 / /sys/fs/cgroup/uni rw - tmpfs none rw\n", own).size(),
      1U);
}

TEST(CgroupMounts, SurviveMountsThatAreEachOthersParents) {
  EXPECT_EQ(parse("1 2 0:1 / /a rw - cgroup2 none rw\n2 1 0:1 / /b rw - tmpfs none rw\n", "0::/\n")
                .size(),
            1U);
  EXPECT_EQ(parse("1 1 0:1 / /a rw - cgroup2 none rw\n", "0::/\n").size(), 1U);
}

TEST(CgroupMounts, LeaveOutWhatIsNotUnderstood) {
  const std::string good = "35 24 0:30 / /c rw - cgroup2 none rw\n";
  for (const std::string bad : {"", "\n\n", "35 24 0:30 / /c rw\n",
                                "35 24 0:30 / /c rw - cgroup2\n", "- - - - - - - -\n"}) {
    EXPECT_TRUE(parse(bad, "0::/\n").empty()) << bad;
    EXPECT_EQ(parse(bad + good, "0::/\n").size(), 1U) << bad;
  }
  for (const std::string bad : {"", "0\n", "0:\n", "5::/a\n", "6:memory:/\n"}) {
    EXPECT_TRUE(parse(good, bad).empty()) << bad;
  }
}

TEST(CgroupMounts, AreReadBelowARoot) {
  FakeKernel kernel;
  kernel.mount_v2({"memory", "pids"}, "/user.slice");
  const auto found = read_cgroup_mounts(kernel.root());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].mount_point, kernel.root() + "/sys/fs/cgroup");
  EXPECT_EQ(found[0].own_group, kernel.root() + "/sys/fs/cgroup/user.slice");
  EXPECT_EQ(found[0].controllers, (Texts{"memory", "pids"}));
  EXPECT_TRUE(found[0].has("memory"));
  EXPECT_FALSE(found[0].has("cpu"));
}

TEST(CgroupMounts, AreNoneWithoutProc) { EXPECT_TRUE(read_cgroup_mounts("/nowhere").empty()); }

}  // namespace
}  // namespace coldframe
