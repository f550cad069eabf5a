// How a group and those in it are frozen, killed and removed, and what dead runs leave.
#include <gtest/gtest.h>

#include "tests/support/cgroup_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

// A kernel before Linux 5.14.
class OldKernel final : public CgroupFiles {
 public:
  int write(const std::string& path, std::string_view text) override {
    return path.ends_with("/cgroup.kill") ? ENOENT : CgroupFiles::write(path, text);
  }
};

TEST_F(Cgroups, FreezeAndThaw) {
  make();
  if (!group->can_freeze()) GTEST_SKIP() << "needs a writable cgroup v2 mount; " << backend.summary;
  const Child child = start([&] { spin(shared->count); });
  ASSERT_TRUE(wait_until([&] { return shared->count > 0; }));
  ASSERT_TRUE(group->freeze());
  ASSERT_TRUE(wait_until([&] { return group->is_frozen(); }));
  const long count = shared->count;
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(shared->count, count);
  ASSERT_TRUE(group->thaw());
  EXPECT_TRUE(wait_until([&] { return shared->count > count; }));
  EXPECT_TRUE(wait_until([&] { return !group->is_frozen(); }));
}

TEST_F(Cgroups, LetTheFrozenDie) {
  make();
  if (!group->can_freeze()) GTEST_SKIP() << "needs a writable cgroup v2 mount; " << backend.summary;
  Child one = start([] { rest(); });
  Child two = start([] { rest(); });
  const auto both_in = [&] {
    return processes_in(backend.v2()->own_group + "/" + own_run_name() + "/a1").size() == 2;
  };
  ASSERT_TRUE(wait_until(both_in));
  ASSERT_TRUE(group->freeze());
  ASSERT_TRUE(wait_until([&] { return group->is_frozen(); }));
  ::kill(one.pid(), SIGKILL);  // as the death signal does when we end
  EXPECT_EQ(one.wait(), SIGKILL);
  group->kill();
  EXPECT_EQ(two.wait(), SIGKILL);
  EXPECT_TRUE(wait_until([&] { return group->is_empty(); }));
}

// Whoever forks as fast as it can.
void multiply(Shared* shared) {
  for (;;) {
    const pid_t pid = ::fork();
    if (pid == 0) ::alarm(k_life_s);
    if (pid == 0) ::setsid();
    ++shared->count;
    if (pid != 0) ::usleep(200);
  }
}

TEST_F(Cgroups, KillEveryoneHoweverFastTheyFork) {
  make({.processes = 64});
  Child child = start([&] { multiply(shared); });
  ASSERT_TRUE(wait_until([&] { return shared->count > 200; }));
  group->kill();
  EXPECT_EQ(child.wait(), SIGKILL);
  EXPECT_TRUE(wait_until([&] { return group->is_empty(); }));
  EXPECT_TRUE(wait_until([&] { return group->remove(); }));
}

class CgroupsOfAnOldKernel : public Cgroups {
 protected:
  CgroupFiles& files() override { return old; }
  OldKernel old;
};

TEST_F(CgroupsOfAnOldKernel, KillEveryoneHoweverFastTheyFork) {
  make({.processes = 64});
  Child child = start([&] { multiply(shared); });
  ASSERT_TRUE(wait_until([&] { return shared->count > 200; }));
  group->kill();
  EXPECT_EQ(child.wait(), SIGKILL);
  EXPECT_TRUE(wait_until([&] { return group->is_empty(); }));
  EXPECT_EQ(read_number(at("pids") + "pids.max"), 64) << "who comes next may fork";
}

TEST_F(Cgroups, LeaveNoDirectoryWhenTheyAreRemoved) {
  make();
  Child child = start([&] {
    shared->step = 1;
    rest();
  });
  ASSERT_TRUE(wait_until([&] { return shared->step == 1; }));
  group->kill();
  EXPECT_EQ(child.wait(), SIGKILL);
  EXPECT_TRUE(wait_until([&] { return group->remove(); }));
  for (const auto& hierarchy : backend.hierarchies) {
    EXPECT_FALSE(std::filesystem::exists(hierarchy.own_group + "/" + own_run_name() + "/a1"));
    EXPECT_TRUE(std::filesystem::exists(hierarchy.own_group + "/" + own_run_name()));
  }
}

TEST_F(Cgroups, OfARunThatWasKilledAreSweptWithWhoIsInThem) {
  // A run of its own, in a child that dies without goodbye.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t owner = ::fork();
  ASSERT_GE(owner, 0);
  if (owner == 0) {
    auto other = CgroupRun::start(backend);
    if (!other) ::_exit(103);
    auto its_group = (*other)->create("b2", {});
    if (!its_group) ::_exit(104);
    const pid_t left = ::fork();
    ::alarm(k_life_s);
    if (left == 0) {
      if (join_groups((*its_group)->join_descriptors(), false) != 0) ::_exit(105);
    }
    const pid_t self = ::getpid();
    if (::write(ends[1], &self, sizeof self) != sizeof self) ::_exit(106);
    rest();
  }
  pid_t said[2] = {0, 0};
  for (pid_t& pid : said)
    ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ::close(ends[0]);
  ::close(ends[1]);
  const auto base_of = [&](const CgroupHierarchy& hierarchy) {
    for (const auto& name : groups_in(hierarchy.own_group)) {
      if (name.starts_with("coldframe-" + std::to_string(owner) + "-")) return name;
    }
    return std::string();
  };
  for (const auto& hierarchy : backend.hierarchies) {
    EXPECT_EQ(owner_of(base_of(hierarchy)), RunOwner::alive);
  }
  sweep_dead_runs(backend);
  EXPECT_NE(base_of(backend.hierarchies[0]), "") << "its owner lives";

  ::kill(owner, SIGKILL);
  ASSERT_EQ(::waitpid(owner, nullptr, 0), owner);
  EXPECT_TRUE(wait_until([&] {
    sweep_dead_runs(backend);
    for (const auto& hierarchy : backend.hierarchies) {
      if (!base_of(hierarchy).empty()) return false;
    }
    return true;
  }));
}

}  // namespace
}  // namespace coldframe::testing
