#include "emulator/report/cgroup_facts.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

TEST(CgroupFacts, AreEmptyWhereThereAreNone) {
  testing::TempDir root;
  EXPECT_EQ(read_cgroups(root.path()), "");
}

TEST(CgroupFacts, NameBothVersionsAndTheirControllers) {
  testing::TempDir root;
  for (const char* directory : {"/sys/fs/cgroup/unified", "/proc/self"})
    std::filesystem::create_directories(root.path() + directory);
  root.write("sys/fs/cgroup/unified/cgroup.controllers", "\n");
  EXPECT_EQ(read_cgroups(root.path()), "v2 at /sys/fs/cgroup/unified (no controllers)");
  root.write("sys/fs/cgroup/cgroup.controllers", "cpu io memory\n");
  root.write("proc/self/mounts",
             "cgroup /sys/fs/cgroup/cpu cgroup rw,nosuid,cpu,cpuacct 0 0\n"
             "cgroup /sys/fs/cgroup/memory cgroup ro,memory 0 0\n"
             "cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n");
  EXPECT_EQ(read_cgroups(root.path()),
            "v2 at /sys/fs/cgroup (cpu io memory), v2 at /sys/fs/cgroup/unified (no controllers), "
            "v1 with cpu pids");
}

}  // namespace
}  // namespace coldframe
