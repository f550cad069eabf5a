// What is said of a directory with a function.json, and what is not.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "emulator/inspect/inspection.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/inspect/elf_maker.hpp"
#include "tests/unit/inspect/inspect_fixture.hpp"

namespace coldframe::testing {
namespace {

namespace fs = std::filesystem;

class Directory : public ::testing::Test {
 protected:
  Directory() {
    ::chmod(place.path().c_str(), 0755);
    write("app.py", "import sklearn\ndef handler(event, context): pass\n");
    fs::create_directories(place.path() + "/.venv/bin");
    fs::create_symlink("/usr/bin/python3", place.path() + "/.venv/bin/python");
    write(".venv/pyvenv.cfg", "home = /usr/bin\n");
    write(site + "/awslambdaric/__init__.py", "");
    write(site + "/sklearn/__init__.py", "");
    write(site + "/sk.dist-info/METADATA", "Name: scikit-learn\nVersion: 1.5.2\n\n");
    write(site + "/sk.dist-info/RECORD", "sklearn/__init__.py,,\n");
    config.task_root = config.working_directory = place.path();
    config.entry_point = {place.path() + "/.venv/bin/python", "-m", "awslambdaric"};
    config.command = {"app.handler"};
  }
  void write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    fs::create_directories(fs::path(place.path() + "/" + name).parent_path());
    place.write(name, text, mode);
    ::chmod((place.path() + "/" + name).c_str(), mode);
  }
  inspect::Findings findings() {
    return inspect::inspect_subject(inspect::of_directory("f", config)).findings;
  }
  // Byte code is missing, which is information for so little.
  std::string ids() {
    std::string text;
    for (const auto& one : findings()) {
      if (one.id != "W39") text += one.id + " " + to_text(one.severity) + ": " + one.where + "\n";
    }
    return text;
  }

  TempDir place;
  FunctionConfig config;
  const std::string site = ".venv/lib/python3.11/site-packages";
};

TEST_F(Directory, AHealthyOneHasNoFinding) { EXPECT_EQ(ids(), ""); }

TEST_F(Directory, ItsPathsAreRelative) {
  write("model.bin", "x", 0600);
  EXPECT_EQ(ids(), "W4 error: model.bin\n");
}

TEST_F(Directory, AMissingClientHandlerAndEntryPointAreTold) {
  fs::remove_all(place.path() + "/" + site + "/awslambdaric");
  EXPECT_EQ(ids(), "W13 error: .venv/bin/python\n");
  config.command = {"main.handler"};
  EXPECT_EQ(ids(), "W12 error: function.json\nW13 error: .venv/bin/python\n");
  config.entry_point = {place.path() + "/start.sh"};
  EXPECT_EQ(ids(), "W12 error: start.sh\n");
}

TEST_F(Directory, ALibraryForAnotherMachineIsTold) {
  write("native.so", make_elf({.machine = 183}));
  EXPECT_EQ(ids(), "W11 error: native.so\n");
}

TEST_F(Directory, LibrariesOfTheHostAreNotMissed) {
  write("native.so", make_elf({.needed = {"libgomp.so.1", "libc.so.6"},
                               .wants = {{"libc.so.6", {{"GLIBC_2.99", false}}}}}));
  EXPECT_EQ(ids(), "");
}

TEST_F(Directory, AModelOfAnotherVersionIsTold) {
  write("m.pkl",
        "\x80\x04}\x8c\x10_sklearn_version\x8c\x05"
        "1.2.1s.");
  EXPECT_EQ(ids(), "W31 warning: m.pkl\n");
}

TEST_F(Directory, ACommandOfTheHostIsNotMissed) {
  config.entry_point = {"python3", "-m", "awslambdaric"};
  EXPECT_EQ(ids(), "");
  config.entry_point = {"/usr/bin/python3", "-m", "awslambdaric"};
  EXPECT_EQ(ids(), "");
}

TEST_F(Directory, ACarriageReturnIsTold) {
  write("bootstrap", "#!/bin/sh\r\nexit\r\n", 0755);
  config.entry_point.clear();
  config.command.clear();
  EXPECT_EQ(ids(), "W12 error: bootstrap\n");
}

}  // namespace
}  // namespace coldframe::testing
