// What is left of a burst of file events when it is over.
#include "emulator/watch/burst.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

using Paths = std::vector<std::string>;

TEST(BurstTest, IsWhatChangedInTheOrderOfTheFirstEvents) {
  Burst burst;
  EXPECT_TRUE(burst.empty());
  burst.add("/f/b", FileEvent::appeared);
  burst.add("/f/a", FileEvent::changed);
  burst.add("/f/b", FileEvent::changed);
  EXPECT_FALSE(burst.empty());
  EXPECT_EQ(burst.changes(), (Paths{"/f/b", "/f/a"}));
}

TEST(BurstTest, LeavesOutWhatCameAndWent) {
  Burst burst;
  burst.add("/f/tmp", FileEvent::appeared);
  burst.add("/f/tmp", FileEvent::changed);
  burst.add("/f/tmp", FileEvent::went);
  EXPECT_EQ(burst.changes(), Paths{});
  EXPECT_FALSE(burst.empty());
  burst.add("/f/tmp", FileEvent::changed);
  EXPECT_EQ(burst.changes(), Paths{"/f/tmp"}) << "it has come back to stay";
}

TEST(BurstTest, KeepsWhatWasThereBeforeAndIsGoneButNamesItLast) {
  Burst burst;
  burst.add("/f/old", FileEvent::went);
  burst.add("/f/new", FileEvent::changed);
  EXPECT_EQ(burst.changes(), (Paths{"/f/new", "/f/old"}));
}

TEST(BurstTest, KeepsWhatAnotherFileWasRenamedOverThoughItIsGoneAgain) {
  Burst burst;
  burst.add("/f/app", FileEvent::changed);
  burst.add("/f/app", FileEvent::went);
  EXPECT_EQ(burst.changes(), Paths{"/f/app"});
}

TEST(BurstTest, TakesATreeAwayWithAllThatIsInItAndNothingBeside) {
  Burst burst;
  burst.add("/f/d", FileEvent::appeared);
  burst.add("/f/d/x", FileEvent::appeared);
  burst.add("/f/d/e/y", FileEvent::appeared);
  burst.add("/f/d-not", FileEvent::appeared);
  burst.add_gone_tree("/f/d");
  EXPECT_EQ(burst.changes(), Paths{"/f/d-not"});
}

}  // namespace
}  // namespace coldframe
