#include "emulator/process/usage.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t k_mib = 1024 * 1024;
constexpr pid_t k_nobody = 4'999'999;  // the kernel gives out less

// A child that does one thing a byte: 'g' grows by 32 MiB, 's' gives them back, 'b' burns 30 ms of
// CPU, 'f' forks a child that grows by 32 MiB and stays. It answers each with a byte.
class ObedientChild {
 public:
  ObedientChild() {
    auto [to_read, to_write] = testing::make_pipe();
    auto [from_read, from_write] = testing::make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) serve(to_read.get(), from_write.get());
    to_child_ = std::move(to_write);
    from_child_ = std::move(from_read);
  }
  ~ObedientChild() {
    to_child_.reset();
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ObedientChild(const ObedientChild&) = delete;
  ObedientChild& operator=(const ObedientChild&) = delete;

  pid_t pid() const { return pid_; }
  void order(char what) {
    EXPECT_EQ(::write(to_child_.get(), &what, 1), 1);
    char answer = 0;
    EXPECT_EQ(::read(from_child_.get(), &answer, 1), 1);
  }

 private:
  static void* grow() {
    void* memory =
        ::mmap(nullptr, 32 * k_mib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    auto* bytes = static_cast<volatile char*>(memory);
    for (std::int64_t i = 0; i < 32 * k_mib; i += 4096)
      bytes[i] = 1;
    return memory;
  }
  static void burn() {
    timespec time{};
    do {
      ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    } while (time.tv_sec * 1000 + time.tv_nsec / 1000000 < 30);
  }
  [[noreturn]] static void serve(int orders, int answers) {
    void* memory = nullptr;
    char what = 0;
    while (::read(orders, &what, 1) == 1) {
      if (what == 'g') memory = grow();
      if (what == 's') ::munmap(memory, 32 * k_mib);
      if (what == 'b') burn();
      if (what == 'f' && ::fork() == 0) {
        grow();
        if (::write(answers, "f", 1) != 1) ::_exit(1);
        while (::getppid() != 1)
          ::usleep(10000);
        ::_exit(0);
      }
      if (what != 'f' && ::write(answers, &what, 1) != 1) ::_exit(1);
    }
    ::_exit(0);
  }

  pid_t pid_ = -1;
  UniqueFd to_child_;
  UniqueFd from_child_;
};

pid_t reaped_pid() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

TEST(ProcessCpu, GrowsWithWhatTheProcessBurns) {
  ObedientChild child;
  const auto before = process_cpu(child.pid());
  ASSERT_TRUE(before);
  child.order('b');
  const auto after = process_cpu(child.pid());
  ASSERT_TRUE(after);
  EXPECT_GE(*after, 29ms);
  EXPECT_LT(*after, 10s);
  EXPECT_GE(*after, *before);
}

TEST(ProcessCpu, IsUnknownForAProcessThatIsGone) {
  EXPECT_EQ(process_cpu(reaped_pid()), std::nullopt);
  EXPECT_EQ(process_cpu(0), std::nullopt);
  EXPECT_EQ(process_cpu(-1), std::nullopt);
}

TEST(TreeMemory, SeesResidentMemoryAndItsHighWaterMark) {
  ObedientChild child;
  const auto before = tree_memory(child.pid());
  ASSERT_TRUE(before);
  child.order('g');
  const auto grown = tree_memory(child.pid());
  ASSERT_TRUE(grown);
  EXPECT_GE(grown->resident_bytes - before->resident_bytes, 31 * k_mib);
  child.order('s');
  const auto shrunk = tree_memory(child.pid());
  ASSERT_TRUE(shrunk);
  EXPECT_LT(shrunk->resident_bytes, grown->resident_bytes - 30 * k_mib);
  EXPECT_GE(shrunk->leader_peak_bytes, grown->resident_bytes - k_mib);  // kernel counts are lazy
}

TEST(TreeMemory, SumsOverDescendants) {
  ObedientChild child;
  const auto before = tree_memory(child.pid());
  child.order('f');
  child.order('f');
  const auto after = tree_memory(child.pid());
  ASSERT_TRUE(before && after);
  EXPECT_GE(after->resident_bytes - before->resident_bytes, 64 * k_mib);
  EXPECT_LT(after->leader_peak_bytes, after->resident_bytes);
}

TEST(TreeMemory, IsUnknownForAProcessThatIsGone) {
  EXPECT_FALSE(tree_memory(reaped_pid()));
  EXPECT_FALSE(tree_memory(0));
  EXPECT_FALSE(tree_memory(-1));
}

TEST(MemoryMeter, KnowsNothingBeforeASampleOrOfADeadProcess) {
  MemoryMeter meter;
  EXPECT_EQ(meter.peak_bytes(), std::nullopt);
  meter.sample(reaped_pid(), TimePoint(), true);
  EXPECT_EQ(meter.peak_bytes(), std::nullopt);
}

TEST(MemoryMeter, CatchesAPeakOfASingleProcessThatFellBetweenTwoSamples) {
  ObedientChild child;
  child.order('g');
  child.order('s');
  MemoryMeter meter;
  meter.sample(child.pid(), TimePoint(), true);
  ASSERT_TRUE(meter.peak_bytes());
  EXPECT_GE(*meter.peak_bytes(), 32 * k_mib);
}

TEST(MemoryMeter, NeverFallsAlsoWhenTheNextProcessIsSmaller) {
  MemoryMeter meter;
  std::int64_t peak = 0;
  {
    ObedientChild large;
    large.order('g');
    meter.sample(large.pid(), TimePoint(), true);
    peak = meter.peak_bytes().value_or(0);
  }
  ObedientChild small;
  meter.sample(small.pid(), TimePoint(1h), true);
  EXPECT_EQ(meter.peak_bytes(), peak);
}

TEST(MemoryMeter, LearnsFromTheEndOfAProcessWhatNoSampleSaw) {
  ObedientChild child;
  MemoryMeter meter;
  meter.sample(child.pid(), TimePoint(), true);
  meter.end({400 * k_mib, 3 * k_mib});
  EXPECT_EQ(meter.peak_bytes(), 400 * k_mib);
}

TEST(MemoryMeter, SaysNothingWhileWhatNobodySawMayHaveBeenMore) {
  MemoryMeter meter;
  meter.end({20 * k_mib, 20 * k_mib});  // all of it may have been ours, before the exec
  EXPECT_EQ(meter.peak_bytes(), std::nullopt);
  ObedientChild child;
  child.order('g');
  meter.sample(child.pid(), TimePoint(), true);
  EXPECT_GE(meter.peak_bytes().value_or(0), 32 * k_mib);
  meter.end({500 * k_mib, 500 * k_mib});
  EXPECT_EQ(meter.peak_bytes(), std::nullopt);
}

TEST(MemoryMeter, SaysNothingWhenTheProcessWasGoneAtTheLastSample) {
  MemoryMeter meter;
  {
    ObedientChild child;
    meter.sample(child.pid(), TimePoint(), true);
    EXPECT_TRUE(meter.peak_bytes());
  }
  meter.sample(reaped_pid(), TimePoint(1h), true);
  EXPECT_EQ(meter.peak_bytes(), std::nullopt);
  meter.end({400 * k_mib, 3 * k_mib});
  EXPECT_EQ(meter.peak_bytes(), 400 * k_mib);
}

TEST(MemoryMeter, SkipsSamplesThatComeTooSoonUnlessForced) {
  ObedientChild child;
  MemoryMeter meter;
  const TimePoint now(1h);
  meter.sample(child.pid(), now);
  const auto first = meter.peak_bytes();
  ASSERT_TRUE(first);
  child.order('g');
  meter.sample(child.pid(), now + 500us);
  EXPECT_EQ(meter.peak_bytes(), first);
  meter.sample(child.pid(), now + 500us, true);
  EXPECT_GE(*meter.peak_bytes(), *first + 31 * k_mib);
  child.order('g');
  meter.sample(child.pid(), now + 1h);
  EXPECT_GE(*meter.peak_bytes(), *first + 62 * k_mib);
}

TEST(Usage, TellsWhatIsResidentNowAndWhatWasAtMost) {
  ObedientChild child;
  const auto before = *resident_bytes(child.pid());
  const auto share_before = *proportional_bytes(child.pid());
  child.order('g');
  EXPECT_GE(*resident_bytes(child.pid()), before + 32 * k_mib - k_mib);
  EXPECT_GE(*proportional_bytes(child.pid()), share_before + 31 * k_mib);
  child.order('s');
  EXPECT_LT(*resident_bytes(child.pid()), before + 16 * k_mib);
  EXPECT_LT(*proportional_bytes(child.pid()), share_before + 16 * k_mib);
  EXPECT_GE(*peak_resident(child.pid()), before + 31 * k_mib);
}

TEST(Usage, CountsTheLivingDescendants) {
  ObedientChild child;
  EXPECT_EQ(process_tree(child.pid()), std::vector<pid_t>{child.pid()});
  child.order('f');
  EXPECT_EQ(process_tree(child.pid()).size(), 2U);
}

TEST(Usage, OfAProcessThatIsNotThereIsNothing) {
  EXPECT_TRUE(process_tree(0).empty());
  EXPECT_EQ(peak_resident(0), std::nullopt);
  EXPECT_EQ(resident_bytes(k_nobody), std::nullopt);
  EXPECT_EQ(proportional_bytes(k_nobody), std::nullopt);
  EXPECT_EQ(peak_resident(k_nobody), std::nullopt);
  EXPECT_TRUE(process_tree(k_nobody).empty());
}

}  // namespace
}  // namespace coldframe
