// An emulator whose environments are held by control groups, and real children in them.
//
//   class Memory : public LimitedFixture {};
//   TEST_F(Memory, …) {
//     function.memory_mb = 256;
//     play(k_obey);
//     start();
//
// A test is skipped, with the reason, where no groups can be made. At its end nothing of the run is
// left in any hierarchy.
#pragma once

#include <filesystem>

#include "emulator/cgroup/cgroup_backend.hpp"
#include "emulator/cgroup/cgroup_run.hpp"
#include "emulator/cgroup/run_name.hpp"
#include "tests/support/child_fixture.hpp"

namespace coldframe::testing {

class LimitedFixture : public ChildFixture {
 protected:
  void SetUp() override {
    backend = detect_cgroups();
    if (backend.kind == CgroupKind::none) {
      GTEST_SKIP() << "needs control groups; " << backend.summary << "; " << backend.remedy;
    }
    options.limits = LimitsKind::cgroup;
    ChildFixture::SetUp();
  }
  void TearDown() override {
    ChildFixture::TearDown();
    for (const auto& hierarchy : backend.hierarchies) {
      EXPECT_FALSE(std::filesystem::exists(hierarchy.own_group + "/" + own_run_name()));
    }
  }

  // The groups of environments there are in the hierarchy that limits memory.
  std::vector<std::string> groups() const {
    auto names = groups_in(backend.of("memory")->own_group + "/" + own_run_name());
    std::erase(names, k_own_leaf);  // with v2 we are there ourselves
    return names;
  }
  // The runtime is the scripted one, started by a shell that runs these commands first.
  void play_behind(const std::string& commands, std::string_view dialogue) {
    play(dialogue);
    const std::string runtime = function.entry_point[0] + " " + function.command[0];
    const std::string script = "cd " + directory.path() + "\n" + commands + "\nexec " + runtime;
    function.entry_point = {"/bin/sh", "-c"};
    function.command = {script};
  }

  CgroupBackend backend;
};

}  // namespace coldframe::testing
