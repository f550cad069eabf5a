#include "emulator/cgroup/kept_file.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

class KeptFileTest : public ::testing::Test {
 protected:
  std::string path() const { return directory.path() + "/file"; }
  testing::TempDir directory;
};

TEST_F(KeptFileTest, IsReadAsItIsNow) {
  directory.write("file", "1\n");
  const KeptFile file(path());
  EXPECT_EQ(file.text(), "1\n");
  std::ofstream(path(), std::ios::in | std::ios::out) << "2\n3\n";
  EXPECT_EQ(file.text(), "2\n3\n");
  EXPECT_EQ(file.text(), "2\n3\n");
}

TEST_F(KeptFileTest, IsNotLookedForAgain) {
  directory.write("file", "1\n");
  const KeptFile file(path());
  EXPECT_TRUE(file.open());
  std::filesystem::remove(path());
  EXPECT_EQ(file.text(), "1\n");
  file.close();
  EXPECT_EQ(file.text(), std::nullopt);
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(KeptFileTest, CanComeAfterTheFirstLook) {
  const KeptFile file(path());
  EXPECT_FALSE(file.open());
  EXPECT_EQ(file.text(), std::nullopt);
  directory.write("file", "1\n");
  EXPECT_EQ(file.text(), "1\n");
}

TEST_F(KeptFileTest, IsReadWholeHoweverLongItIs) {
  for (const int lines : {0, 500, 1024, 2048, 5000}) {
    std::string text;
    for (int i = 0; i < lines; ++i)
      text += "abc\n";
    directory.write("file", text);
    const KeptFile file(path());
    EXPECT_EQ(file.text(), text) << lines;
  }
}

TEST_F(KeptFileTest, OfTheKernelTellsAllOfAListThatIsLongerThanAPage) {
  const KeptFile file("/proc/self/smaps");
  const auto text = file.text();
  ASSERT_TRUE(text);
  EXPECT_GT(text->size(), 8192U);
  EXPECT_NE(text->find("[stack]"), std::string::npos);
}

TEST_F(KeptFileTest, IsWrittenAndNeverMade) {
  const KeptFile file(path(), O_WRONLY);
  EXPECT_EQ(file.write("1"), ENOENT);
  directory.write("file", "");
  EXPECT_EQ(file.write("1"), 0);
  EXPECT_EQ(file.write("2"), 0);
  EXPECT_EQ(directory.read("file"), "2") << "each at the beginning, as the kernel takes it";
  EXPECT_EQ(file.text(), std::nullopt) << "it is open for writing";
}

}  // namespace
}  // namespace coldframe
