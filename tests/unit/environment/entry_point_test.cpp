#include "emulator/environment/entry_point.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

using testing::TempDir;

class EntryPointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* path = std::getenv("PATH");
    before_ = path != nullptr ? path : "";
    config.task_root = config.working_directory = dir.path();
  }
  void TearDown() override { ::setenv("PATH", before_.c_str(), 1); }

  TempDir dir;
  FunctionConfig config;

 private:
  std::string before_;
};

TEST_F(EntryPointTest, IsTheBootstrapFileOfACustomRuntime) {
  const auto file = dir.write("bootstrap", "#!/bin/sh\n", 0755);
  const EntryPoint entry = find_entry_point(config);
  EXPECT_EQ(entry.executable, file);
  EXPECT_EQ(entry.argv, std::vector<std::string>{file});
  EXPECT_EQ(entry.problem, "");
}

TEST_F(EntryPointTest, SaysThatABootstrapIsNotExecutable) {
  const auto file = dir.write("bootstrap", "#!/bin/sh\n", 0644);
  const EntryPoint entry = find_entry_point(config);
  EXPECT_EQ(entry.executable, file) << "the first existing file wins, and fails at exec";
  EXPECT_EQ(entry.problem, "'" + file + "' is not executable; chmod +x it");
}

TEST_F(EntryPointTest, SaysThatThereIsNone) {
  if (std::filesystem::exists("/opt/bootstrap")) GTEST_SKIP() << "this host has an /opt/bootstrap";
  EXPECT_EQ(find_entry_point(config).executable, "");
  EXPECT_EQ(find_entry_point(config).problem,
            "no entry point: neither ImageConfig.EntryPoint, nor Runtime and Handler, nor a file "
            "'bootstrap' in '" +
                dir.path() +
                R"('; add what to use, e.g. "Runtime": "python3.12", "Handler": "app.handler", )"
                "which starts python3 -m awslambdaric");
  std::filesystem::create_directory(dir.path() + "/bootstrap");
  EXPECT_EQ(find_entry_point(config).executable, "") << "a directory is no bootstrap";
}

TEST_F(EntryPointTest, JoinsEntryPointAndCommand) {
  config.entry_point = {"/bin/sh", "-c"};
  config.command = {"app.handler"};
  const EntryPoint entry = find_entry_point(config);
  EXPECT_EQ(entry.executable, "/bin/sh");
  EXPECT_EQ(entry.argv, (std::vector<std::string>{"/bin/sh", "-c", "app.handler"}));
  EXPECT_EQ(entry.problem, "");
  config.entry_point.clear();
  config.command = {"/bin/sh", "x"};
  EXPECT_EQ(find_entry_point(config).argv, (std::vector<std::string>{"/bin/sh", "x"}));
}

TEST_F(EntryPointTest, TakesAPathWithASlashFromTheFunctionsDirectory) {
  std::filesystem::create_directory(dir.path() + "/bin");
  const auto file = dir.write("bin/run", "#!/bin/sh\n", 0755);
  for (const char* name : {"bin/run", "./bin/run", "bin/../bin/./run"}) {
    config.entry_point = {name};
    const EntryPoint entry = find_entry_point(config);
    EXPECT_EQ(entry.executable, file) << name;
    EXPECT_EQ(entry.argv.front(), file) << name;
    EXPECT_EQ(entry.problem, "") << name;
  }
}

TEST_F(EntryPointTest, LooksABareNameUpInTheCallersPathFirst) {
  const auto file = dir.write("my-client", "#!/bin/sh\n", 0755);
  config.entry_point = {"my-client"};
  EXPECT_EQ(find_entry_point(config).problem, "entry point 'my-client' was not found in PATH");
  ::setenv("PATH", ("/nonexistent::" + dir.path()).c_str(), 1);
  EXPECT_EQ(find_entry_point(config).executable, file);
}

TEST_F(EntryPointTest, LooksOnlyInTheCustomersPathIfThereIsOne) {
  const auto file = dir.write("sh", "#!/bin/sh\n", 0755);
  config.entry_point = {"sh"};
  config.variables["PATH"] = dir.path();
  EXPECT_EQ(find_entry_point(config).executable, file);
  config.entry_point = {"ls"};
  EXPECT_EQ(find_entry_point(config).problem, "entry point 'ls' was not found in PATH");
}

TEST_F(EntryPointTest, FallsBackToLambdasPath) {
  ::setenv("PATH", "/nonexistent", 1);
  config.entry_point = {"sh"};
  EXPECT_EQ(find_entry_point(config).problem, "");
  EXPECT_EQ(std::filesystem::path(find_entry_point(config).executable).filename(), "sh");
  ::unsetenv("PATH");
  EXPECT_EQ(find_entry_point(config).problem, "");
}

TEST_F(EntryPointTest, PassesOverDirectoriesAndFilesWithoutTheExecuteBit) {
  TempDir second;
  dir.write("client", "", 0644);
  std::filesystem::create_directory(dir.path() + "/other");
  const auto client = second.write("client", "", 0755);
  const auto other = second.write("other", "", 0755);
  ::setenv("PATH", (dir.path() + ":" + second.path()).c_str(), 1);
  config.entry_point = {"client"};
  EXPECT_EQ(find_entry_point(config).executable, client);
  config.entry_point = {"other"};
  EXPECT_EQ(find_entry_point(config).executable, other);
}

// The process changes its directory before it executes: a relative find would not be found again.
TEST_F(EntryPointTest, IsAlwaysAnAbsolutePath) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  std::filesystem::create_directory("bin");
  dir.write("bin/my-client", "#!/bin/sh\n", 0755);
  ::setenv("PATH", "bin", 1);
  config.entry_point = {"my-client"};
  const EntryPoint entry = find_entry_point(config);
  std::filesystem::current_path(before);
  EXPECT_EQ(entry.problem, "");
  EXPECT_TRUE(entry.executable.starts_with('/')) << entry.executable;
}

TEST_F(EntryPointTest, SaysWhatIsWrongWithANamedOne) {
  config.entry_point = {"/nonexistent/client"};
  EXPECT_EQ(find_entry_point(config).problem, "entry point '/nonexistent/client' does not exist");
  config.entry_point = {dir.path()};
  EXPECT_EQ(find_entry_point(config).problem, "entry point '" + dir.path() + "' is a directory");
  const auto file = dir.write("plain", "", 0644);
  config.entry_point = {"./plain"};
  EXPECT_EQ(find_entry_point(config).problem,
            "entry point '" + file + "' is not executable; chmod +x it");
}

TEST_F(EntryPointTest, IsNeverAnEmptyWord) {
  config.entry_point = {""};
  const EntryPoint entry = find_entry_point(config);
  EXPECT_NE(entry.problem, "") << entry.executable;
}

}  // namespace
}  // namespace coldframe
