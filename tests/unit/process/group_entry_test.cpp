#include "emulator/process/group_entry.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "emulator/base/unique_fd.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

class GroupEntry : public ::testing::Test {
 protected:
  GroupEntry() { directory.write("cgroup.procs", ""); }
  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory.path() + "/" + name).rdbuf();
    return text.str();
  }

  TempDir directory;
  UniqueFd tasks{
      ::open((directory.path() + "/tasks").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  UniqueFd group{::open(directory.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(GroupEntry, WritesIntoAFileAndIntoTheListOfADirectory) {
  EXPECT_EQ(join_groups({tasks.get(), group.get()}, false), 0);
  EXPECT_EQ(content("tasks"), "0");
  EXPECT_EQ(content("cgroup.procs"), "0");
}

TEST_F(GroupEntry, LeavesOutTheDirectoryItWasBornIn) {
  EXPECT_EQ(join_groups({group.get(), tasks.get()}, true), 0);
  EXPECT_EQ(content("tasks"), "0");
  EXPECT_EQ(content("cgroup.procs"), "");
}

TEST_F(GroupEntry, TellsWhyOneCannotBeJoined) {
  const UniqueFd only_read(::open((directory.path() + "/tasks").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(join_groups({only_read.get()}, false), EBADF);
  ASSERT_EQ(::unlink((directory.path() + "/cgroup.procs").c_str()), 0);
  EXPECT_EQ(join_groups({group.get()}, false), ENOENT);
}

TEST_F(GroupEntry, IsBornOutsideOfADirectoryThatIsNoGroup) {
  const Born born = fork_into({tasks.get(), group.get()}, 0);
  if (born.pid == 0) ::_exit(born.inside ? 1 : 7);
  ASSERT_GT(born.pid, 0);
  EXPECT_FALSE(born.inside);
  int status = 0;
  ASSERT_EQ(::waitpid(born.pid, &status, 0), born.pid);
  EXPECT_EQ(WEXITSTATUS(status), 7) << "the child knows it too";
}

}  // namespace
}  // namespace coldframe::testing
