#include "emulator/report/work_watch.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

constexpr WorkSeen k_rests{WorkLeft::none, false};
constexpr WorkSeen k_stopped{WorkLeft::none, true};

TEST(WorkWatch, SaysNothingWhereNothingWasLeft) {
  WorkWatch watch("f");
  watch.saw(k_rests);
  watch.saw(k_stopped);
  EXPECT_TRUE(watch.notes().empty());
}

TEST(WorkWatch, SaysWhatWasLeftAndWhatToDo) {
  WorkWatch threads("f");
  threads.saw({WorkLeft::threads, true});
  EXPECT_EQ(threads.notes(),
            std::vector<std::string>{
                "'f': it was still working when it had answered: Lambda freezes it until the next "
                "invoke (W23); wait for its threads before answering"});
  WorkWatch processes("f");
  processes.saw({WorkLeft::processes, true});
  EXPECT_EQ(processes.notes(),
            std::vector<std::string>{
                "'f': a process that it had started was still there when it had answered: Lambda "
                "freezes it until the next invoke (W23); wait for it before answering, or start in "
                "the init what is to stay"});
}

TEST(WorkWatch, LooksNoMoreOnceItKnows) {
  WorkWatch watch("f");
  EXPECT_TRUE(watch.is_wanted(false));
  watch.saw({WorkLeft::threads, true});
  EXPECT_FALSE(watch.is_wanted(false));
  EXPECT_FALSE(watch.is_wanted(true));
}

TEST(WorkWatch, WaitsForThreadsOfAPoolThreeTimes) {
  WorkWatch watch("f");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(watch.is_wanted(false));
    watch.saw(k_stopped);
  }
  EXPECT_FALSE(watch.is_wanted(false));
  EXPECT_TRUE(watch.is_wanted(true)) << "at the end it costs little";
}

TEST(WorkWatch, LooksAtTheFirstHundredAndAtTheLast) {
  WorkWatch watch("f");
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(watch.is_wanted(false));
    watch.saw(k_rests);
  }
  EXPECT_FALSE(watch.is_wanted(false));
  EXPECT_TRUE(watch.is_wanted(true));
}

}  // namespace
}  // namespace coldframe
