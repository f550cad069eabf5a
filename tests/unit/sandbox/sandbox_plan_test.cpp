#include "emulator/sandbox/sandbox_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;
using testing::TempDir;

class Plan : public ::testing::Test {
 protected:
  Plan() {
    fs::create_directories(root() + "/fn");
    config.task_root = config.working_directory = root() + "/fn";
  }
  std::string root() const { return directory.path(); }
  std::string program(const std::string& path, const std::string& text = "") {
    fs::create_directories(fs::path(root() + path).parent_path());
    directory.write(path.substr(1), text);
    return root() + path;
  }
  SandboxPlan plan(const std::string& executable, std::vector<std::string> words = {}) {
    EntryPoint entry;
    entry.executable = executable;
    entry.argv = {executable};
    entry.argv.insert(entry.argv.end(), words.begin(), words.end());
    return plan_sandbox(config, entry, NetworkMode::none);
  }
  // What of the test's own directory is to be seen inside.
  std::vector<std::string> seen(const SandboxPlan& made) const {
    std::vector<std::string> out;
    for (const auto& mount : made.mounts) {
      EXPECT_EQ(mount.from, mount.to);
      if (mount.to.rfind(root(), 0) == 0) out.push_back(mount.to.substr(root().size()));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  using Paths = std::vector<std::string>;

  TempDir directory;
  FunctionConfig config;
};

TEST_F(Plan, CallsTheDirectoryOfTheFunctionVarTask) {
  const auto made = plan("/bin/sh");
  EXPECT_EQ(made.inside(config.task_root), "/var/task");
  EXPECT_EQ(made.inside(config.task_root / ""), "/var/task");
  EXPECT_EQ(made.inside(config.task_root / "a/../b.py"), "/var/task/b.py");
  EXPECT_EQ(made.inside(config.task_root.string() + "2/x"), config.task_root.string() + "2/x");
  EXPECT_EQ(made.inside("/usr/bin/python3"), "/usr/bin/python3");
  EXPECT_EQ(made.inside(""), "");
}

TEST_F(Plan, KnowsWhatOfTheHostIsSeen) {
  const auto made = plan("/bin/sh");
  for (const char* path : {"/usr/bin/env", "/bin/sh", "/etc/passwd", "/proc/self", "/", "/dev/x"})
    EXPECT_TRUE(made.shows(path)) << path;
  EXPECT_FALSE(made.shows(root()));
  EXPECT_FALSE(made.shows(root() + "/fn/app.py"));
  EXPECT_FALSE(made.shows("/home/somebody/model.bin"));
}

TEST_F(Plan, HasTheSystemDirectoriesOfTheHostAndNothingElse) {
  const auto made = plan("/bin/sh");
  const auto has = [&](const std::string& path) {
    return std::any_of(made.mounts.begin(), made.mounts.end(),
                       [&](const auto& mount) { return mount.to == path; });
  };
  EXPECT_TRUE(has("/usr"));
  EXPECT_TRUE(has("/etc"));
  for (const char* path : {"/", "/home", "/root", "/var", "/tmp", "/proc", "/sys", "/dev", "/run"})
    EXPECT_FALSE(has(path)) << path;
  for (const auto& link : made.links)
    EXPECT_TRUE(fs::is_symlink(link.at)) << link.at;
  EXPECT_EQ(seen(made), Paths{});
}

TEST_F(Plan, NeedsNothingMoreForAProgramOfTheFunction) {
  EXPECT_EQ(seen(plan(program("/fn/bin/bootstrap"))), Paths{});
}

TEST_F(Plan, HasThePrefixOfAnInterpreterWhereverItLies) {
  fs::create_directories(root() + "/opt/python/lib");
  EXPECT_EQ(seen(plan(program("/opt/python/bin/python3"))), Paths{"/opt/python"});
}

// A tool in ~/bin is no reason to show the whole home.
TEST_F(Plan, HasOnlyTheDirectoryOfAProgramThatIsNotInstalledWithLibraries) {
  fs::create_directories(root() + "/home/u/documents");
  EXPECT_EQ(seen(plan(program("/home/u/bin/tool"))), Paths{"/home/u/bin"});
}

TEST_F(Plan, HasAVirtualEnvironmentAndWhatItIsMadeFrom) {
  fs::create_directories(root() + "/pyenv/3.11/lib");
  const auto base = program("/pyenv/3.11/bin/python3");
  program("/envs/one/pyvenv.cfg", "home = " + root() + "/pyenv/3.11/bin\nversion = 3.11\n");
  fs::create_directories(root() + "/envs/one/bin");
  fs::create_symlink(base, root() + "/envs/one/bin/python3");
  fs::create_symlink("python3", root() + "/envs/one/bin/python");
  EXPECT_EQ(seen(plan(root() + "/envs/one/bin/python")), (Paths{"/envs/one", "/pyenv/3.11"}));
}

TEST_F(Plan, HasWhatAVirtualEnvironmentOfTheFunctionIsMadeFrom) {
  fs::create_directories(root() + "/pyenv/3.11/lib");
  program("/pyenv/3.11/bin/python");
  program("/fn/.venv/pyvenv.cfg", "home = " + root() + "/pyenv/3.11/bin\n");
  // A copy: no link leads to its base.
  EXPECT_EQ(seen(plan(program("/fn/.venv/bin/python"))), Paths{"/pyenv/3.11"});
}

TEST_F(Plan, HasAVirtualEnvironmentThatTheFunctionBorrowsByALink) {
  program("/envs/one/pyvenv.cfg", "home = /usr/bin\n");
  program("/envs/one/bin/python");
  fs::create_directory_symlink(root() + "/envs/one", root() + "/fn/.venv");
  EXPECT_EQ(seen(plan(root() + "/fn/.venv/bin/python")), Paths{"/envs/one"});
}

TEST_F(Plan, HasTheInterpreterOfAScript) {
  fs::create_directories(root() + "/envs/one/lib");
  const auto python = program("/envs/one/bin/python");
  EXPECT_EQ(seen(plan(program("/fn/start", "#! " + python + " -u\nimport app\n"))),
            Paths{"/envs/one"});
  EXPECT_EQ(seen(plan(program("/fn/other", "#!/usr/bin/env python3\n"))), Paths{});
}

TEST_F(Plan, HasWhatAWordOfTheCommandNames) {
  program("/tools/serve.py");
  EXPECT_EQ(seen(plan("/usr/bin/python3", {root() + "/tools/serve.py", "/no/such/file", "-u"})),
            Paths{"/tools"});
  program("/fn/serve.py");
  EXPECT_EQ(seen(plan("/usr/bin/python3", {root() + "/fn/serve.py"})), Paths{"/fn"});
}

TEST_F(Plan, HasAWorkingDirectoryThatIsElsewhere) {
  fs::create_directories(root() + "/work");
  config.working_directory = root() + "/work";
  EXPECT_EQ(seen(plan("/bin/sh")), Paths{"/work"});
  config.working_directory = root() + "/fn/sub";
  EXPECT_EQ(seen(plan("/bin/sh")), Paths{});
}

TEST_F(Plan, EndsWithLinksThatLeadInACircle) {
  fs::create_directories(root() + "/loop/bin");
  fs::create_symlink("b", root() + "/loop/bin/a");
  fs::create_symlink("a", root() + "/loop/bin/b");
  EXPECT_EQ(seen(plan(root() + "/loop/bin/a")), Paths{"/loop/bin"});
}

// The sandbox has its own.
TEST_F(Plan, NeverHasTheDevicesAndProcessesOfTheHost) {
  const auto made = plan("/bin/sh", {"/dev/null", "/proc/self/maps", "/sys/kernel", "/run"});
  for (const auto& mount : made.mounts) {
    for (const char* path : {"/dev", "/proc", "/sys", "/run"})
      EXPECT_NE(mount.to.rfind(path, 0), 0U) << mount.to;
  }
}

TEST_F(Plan, CarriesTheSizesOfTheFunction) {
  config.tmp_mb = 1024;
  config.memory_mb = 3008;
  const auto made = plan("/bin/sh");
  EXPECT_EQ(made.tmp_mb, 1024);
  EXPECT_EQ(made.memory_mb, 3008);
  EXPECT_EQ(made.network, NetworkMode::none);
}

TEST_F(Plan, ShowsExtensionsWhereLambdaHasThemAndWhatTheyAreStartedBy) {
  const std::string interpreter = program("/tool/bin/run");
  fs::create_directories(root() + "/tool/lib");
  fs::permissions(program("/opt/extensions/agent", "#!" + interpreter + " -x\n"),
                  fs::perms::owner_all);
  program("/opt/extensions/readme", "#!/no/such/place\n");
  config.extensions = root() + "/opt/extensions";
  const auto made = plan("/bin/sh");
  const auto shown = [&](const SandboxMount& mount) {
    return std::find(made.mounts.begin(), made.mounts.end(), mount) != made.mounts.end();
  };
  EXPECT_TRUE(shown({config.extensions.string(), "/opt/extensions"}));
  EXPECT_TRUE(shown({root() + "/tool", root() + "/tool"}));
  EXPECT_EQ(made.inside_opt(config.extensions / "agent"), "/opt/extensions/agent");
  config.extensions_allowed = false;
  const auto without = plan("/bin/sh");
  EXPECT_TRUE(std::none_of(without.mounts.begin(), without.mounts.end(),
                           [](const auto& mount) { return mount.to == "/opt/extensions"; }));
}

}  // namespace
}  // namespace coldframe
