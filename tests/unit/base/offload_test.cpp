#include "emulator/base/offload.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

TEST(Offload, WorksElsewhereAndAnswersOnTheLoop) {
  boost::asio::io_context io;
  Offload offload(io);
  const auto here = std::this_thread::get_id();
  std::thread::id worked_on;
  std::thread::id answered_on;
  int answer = 0;
  offload.run(
      [&] {
        worked_on = std::this_thread::get_id();
        return 42;
      },
      [&](int result) {
        answered_on = std::this_thread::get_id();
        answer = result;
      });
  io.run();  // a job on its way keeps the loop alive
  EXPECT_EQ(answer, 42);
  EXPECT_NE(worked_on, here);
  EXPECT_EQ(answered_on, here);
}

TEST(Offload, DoesJobsInOrder) {
  boost::asio::io_context io;
  Offload offload(io);
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    offload.run([i] { return i; }, [&](int result) { order.push_back(result); });
  }
  io.run();
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Offload, NeedsNobodyToBeTold) {
  boost::asio::io_context io;
  const auto here = std::this_thread::get_id();
  std::thread::id worked_on;
  {
    Offload offload(io);
    offload.run([&] { worked_on = std::this_thread::get_id(); });
    EXPECT_EQ(io.run(), 0U) << "the loop does not stay for it";
  }
  EXPECT_NE(worked_on, std::thread::id());
  EXPECT_NE(worked_on, here);
}

TEST(Offload, DestructionWaitsForARunningJob) {
  boost::asio::io_context io;
  bool finished = false;
  {
    Offload offload(io);
    offload.run(
        [&] {
          finished = true;
          return 0;
        },
        [](int) { FAIL() << "the loop never ran"; });
  }
  EXPECT_TRUE(finished);
}

TEST(UniqueFd, ClosesOnceAndOnlyWhatItOwns) {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  {
    UniqueFd first(fd);
    UniqueFd second(std::move(first));
    EXPECT_FALSE(first);  // NOLINT: what a moved-from one says is the point
    EXPECT_EQ(second.get(), fd);
    UniqueFd third;
    third = std::move(second);
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
  }
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST(UniqueFd, ReleaseGivesTheDescriptorAway) {
  int fd = -1;
  {
    UniqueFd owner(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    fd = owner.release();
    EXPECT_FALSE(owner);
  }
  EXPECT_NE(::fcntl(fd, F_GETFD), -1);
  ::close(fd);
}

}  // namespace
}  // namespace coldframe
