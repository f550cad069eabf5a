#include "emulator/process/activity.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace coldframe {
namespace {

using namespace std::chrono_literals;

// A child that does one thing until it is killed.
class Child {
 public:
  template <typename Work>
  explicit Child(Work work) : pid_(::fork()) {
    if (pid_ == 0) {
      work();
      ::_exit(0);
    }
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  pid_t pid() const { return pid_; }
  // Whether it comes to be so; it may take a while to get there.
  bool comes_to(ProcessActivity wanted) const {
    for (int i = 0; i < 10'000; ++i) {
      if (process_activity(pid_) == wanted) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

 private:
  pid_t pid_;
};

[[noreturn]] void burn() {
  for (std::atomic<unsigned> n{0};;)
    ++n;
}

TEST(ProcessActivityOf, OneThatWaits) {
  const Child child([] { ::pause(); });
  EXPECT_TRUE(child.comes_to(ProcessActivity::resting));
}

TEST(ProcessActivityOf, OneThatWorks) {
  const Child child([] { burn(); });
  EXPECT_EQ(process_activity(child.pid()), ProcessActivity::working);
}

TEST(ProcessActivityOf, OneOfWhichAnotherThreadWorks) {
  const Child child([] {
    std::thread(burn).detach();
    ::pause();
  });
  EXPECT_TRUE(child.comes_to(ProcessActivity::working));
}

TEST(ProcessActivityOf, OneThatIsStopped) {
  const Child child([] { ::raise(SIGSTOP); });
  int status = 0;
  ASSERT_EQ(::waitpid(child.pid(), &status, WUNTRACED), child.pid());
  EXPECT_EQ(process_activity(child.pid()), ProcessActivity::working);
}

TEST(ProcessActivityOf, OneThatHasEnded) {
  const Child child([] {});
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(process_activity(child.pid()), ProcessActivity::gone);
}

TEST(ProcessActivityOf, Nobody) {
  EXPECT_EQ(process_activity(0), ProcessActivity::gone);
  EXPECT_EQ(process_activity(4'999'999), ProcessActivity::gone);
}

}  // namespace
}  // namespace coldframe
