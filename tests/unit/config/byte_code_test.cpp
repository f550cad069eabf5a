#include "emulator/config/byte_code.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

using testing::TempDir;
using Paths = std::vector<std::string>;

constexpr time_t k_second = 1'700'000'000;

class ByteCode : public ::testing::Test {
 protected:
  void set_time(const std::string& name, long nanoseconds, time_t second = k_second) {
    const timespec times[2] = {{second, nanoseconds}, {second, nanoseconds}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (at(name)).c_str(), times, 0), 0);
  }
  // As Python writes it for a source of that size and time; `flags` 1: with a hash instead.
  std::string compiled(std::uint32_t size, std::uint32_t second = k_second, char flags = 0) {
    std::string text("\xa7\r\r\n", 4);
    text += std::string{flags, 0, 0, 0};
    for (const std::uint32_t word : {second, size}) {
      for (int i = 0; i < 4; ++i)
        text += static_cast<char>(word >> (8 * i) & 0xff);
    }
    return text + "code";
  }
  void write(const std::string& name, const std::string& text, long nanoseconds) {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    dir.write(name, text);
    set_time(name, nanoseconds);
  }
  std::string at(const std::string& name) const { return dir.path() + "/" + name; }
  Paths drop() { return drop_outdated_byte_code(dir.path()).removed; }
  bool is_there(const std::string& name) { return std::filesystem::exists(at(name)); }

  TempDir dir;
  const std::string pyc = "__pycache__/app.cpython-311.pyc";
};

TEST_F(ByteCode, OfAFileThatWasWrittenLaterInTheSameSecondIsRemoved) {
  write(pyc, compiled(5), 100);
  write("app.py", "x = 2", 200);
  EXPECT_EQ(drop(), Paths{at(pyc)});
  EXPECT_FALSE(is_there(pyc));
  EXPECT_TRUE(is_there("app.py"));
}

TEST_F(ByteCode, OfAFileThatWasWrittenInTheSameTickIsRemovedToo) {
  write(pyc, compiled(5), 100);
  write("app.py", "x = 2", 100);
  EXPECT_EQ(drop().size(), 1U);
}

TEST_F(ByteCode, ThatCannotBeRemovedIsNamed) {
  write(pyc, compiled(5), 100);
  write("app.py", "x = 2", 200);
  std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(at("__pycache__"), std::filesystem::perms(0555));
  const pid_t child = ::fork();  // root may remove whatever it likes
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    const auto found = drop_outdated_byte_code(dir.path());
    ::_exit(found.left == Paths{at(pyc)} && found.removed.empty() ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  std::filesystem::permissions(at("__pycache__"), std::filesystem::perms(0755));
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(is_there(pyc));
}

TEST_F(ByteCode, OfPackagesOfTheFunctionsOwnIsRemovedToo) {
  write("lib/sub/__pycache__/m.cpython-313.opt-1.pyc", compiled(5), 100);
  write("lib/sub/m.py", "x = 2", 200);
  EXPECT_EQ(drop().size(), 1U);
}

TEST_F(ByteCode, ThatPythonWouldNotTakeAnyMoreIsLeftToIt) {
  write("app.py", "x = 2", 200);
  write(pyc, compiled(4), 100);
  EXPECT_EQ(drop(), Paths{}) << "another size";
  write(pyc, compiled(5, k_second - 1), 100);
  EXPECT_EQ(drop(), Paths{}) << "another second";
  write(pyc, compiled(5, k_second, 1), 100);
  EXPECT_EQ(drop(), Paths{}) << "by a hash";
  write(pyc, "short", 100);
  EXPECT_EQ(drop(), Paths{});
  EXPECT_TRUE(is_there(pyc));
}

TEST_F(ByteCode, ThatIsYoungerThanItsSourceStays) {
  write("app.py", "x = 2", 100);
  write(pyc, compiled(5), 200);
  EXPECT_EQ(drop(), Paths{});
  write("__pycache__/gone.cpython-311.pyc", compiled(5), 100);
  EXPECT_EQ(drop(), Paths{}) << "without a source";
}

TEST_F(ByteCode, OfInstalledPackagesIsNotLookedAt) {
  for (const std::string place : {".venv/lib/", "site-packages/", "node_modules/"}) {
    write(place + pyc, compiled(5), 100);
    write(place + "app.py", "x = 2", 200);
  }
  EXPECT_EQ(drop(), Paths{});
}

TEST_F(ByteCode, OfADirectoryThatIsNotThereIsNone) {
  EXPECT_EQ(drop_outdated_byte_code(at("gone")).removed, Paths{});
}

}  // namespace
}  // namespace coldframe
