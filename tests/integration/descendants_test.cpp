// Whatever a runtime has started goes with it: children in its group, daemons in sessions of their
// own, and one that holds its standard output open.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class Descendants : public ChildFixture {
 protected:
  struct Family {
    pid_t leader;
    pid_t descendant;
  };
  Family start_family(const std::string& how) {
    const auto pids = json::parse(obey(how + "; respond-pid").body);
    const Family family{pids["pid"], pids["grandchild"]};
    EXPECT_TRUE(is_alive(family.leader));
    EXPECT_TRUE(is_alive(family.descendant));
    return family;
  }
  void expect_gone(const Family& family) {
    EXPECT_FALSE(is_alive(family.leader));
    EXPECT_FALSE(is_alive(family.descendant));
  }
};

TEST_F(Descendants, InTheGroupAreGoneAfterACrash) {
  play(k_obey);
  start();
  const auto family = start_family("fork-grandchild");
  obey("signal SEGV");
  obey("respond 1");
  expect_gone(family);
}

TEST_F(Descendants, InASessionOfTheirOwnAreGoneAfterACrash) {
  play(k_obey);
  start();
  const auto family = start_family("fork-daemon");
  obey("signal SEGV");
  obey("respond 1");
  expect_gone(family);
}

TEST_F(Descendants, OfEitherKindAreGoneAfterATimeout) {
  play(k_obey);
  function.timeout_s = 1;
  start();
  const auto in_group = start_family("fork-grandchild");
  const auto in_session = start_family("fork-daemon");
  obey("hang");
  obey("respond 1");
  expect_gone(in_group);
  expect_gone(in_session);
}

TEST_F(Descendants, OfEitherKindAreGoneAfterTheStop) {
  play(k_obey);
  start();
  const auto in_group = start_family("fork-grandchild");
  const auto in_session = start_family("fork-daemon");
  stop();
  expect_gone(in_group);
  expect_gone(in_session);
  EXPECT_EQ(living_children().size(), 1U) << "the guard, until the emulator is destroyed";
}

TEST_F(Descendants, AreGoneAfterARecycle) {
  play(k_obey);
  start();
  const auto family = start_family("fork-daemon");
  ASSERT_TRUE(emulator().recycle("f"));
  expect_gone(family);
  EXPECT_TRUE(states().empty());
}

TEST_F(Descendants, ThatHoldStdoutOpenDoNotKeepTheCallerWaiting) {
  play(k_obey);
  start();
  const auto family = start_family("fork-grandchild");  // it has the pipe's write end
  const auto answer = obey("print before the end; exit 1");
  EXPECT_NE(answer.body.find("exit status 1"), std::string::npos);
  EXPECT_TRUE(log.contains("before the end\n"));
  obey("respond 1");
  expect_gone(family);
}

TEST_F(Descendants, SurviveFromOneWarmInvokeToTheNext) {
  play(k_obey);
  start();
  const auto family = start_family("fork-daemon");
  for (int i = 0; i < 5; ++i)
    obey("respond 1");
  EXPECT_TRUE(is_alive(family.descendant)) << "background processes are reused on Lambda, too";
}

}  // namespace
}  // namespace coldframe::testing
