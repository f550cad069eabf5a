// Two thousand invokes while callers hang up, runtimes crash, hang and answer too much: every one
// of them gets exactly one answer, its own, and leaves exactly one record.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/conformance/texts.hpp"
#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"

namespace coldframe::testing {
namespace {

constexpr int k_invokes = 2000;
constexpr int k_callers = 8;

enum class Fate { answer, error, exit, signal, oversize, hang, hang_up, half_request, event };

// One caller that makes one call after the other.
struct Caller {
  std::optional<InvokeClient> client;
  Fate fate = Fate::answer;
  std::string tag;   // the call's own word
  int patience = 0;  // turns until it hangs up
  bool busy = false;
};

class Chaos : public ChildFixture {
 protected:
  Fate draw() {
    const auto percent = random_() % 1000;
    if (percent < 50) return Fate::error;
    if (percent < 85) return Fate::exit;
    if (percent < 110) return Fate::signal;
    if (percent < 125) return Fate::oversize;
    if (percent < 130) return Fate::hang;
    if (percent < 210) return Fate::hang_up;
    if (percent < 230) return Fate::half_request;
    if (percent < 270) return Fate::event;
    return Fate::answer;
  }

  void begin(Caller& caller) {
    caller.fate = draw();
    caller.tag = "call-" + std::to_string(begun_++);
    caller.busy = true;
    if (!caller.client) caller.client.emplace(*this, port());
    switch (caller.fate) {
      case Fate::answer:
        return caller.client->start(order("respond \"" + caller.tag + "\""));
      case Fate::error:
        return caller.client->start(order("error Function.Boom {\"e\":\"" + caller.tag + "\"}"));
      case Fate::exit:
        return caller.client->start(order("print " + caller.tag + "; exit 3"));
      case Fate::signal:
        return caller.client->start(order("signal SEGV"));
      case Fate::oversize:
        return caller.client->start(order("respond-size 6291557"));
      case Fate::hang:
        return caller.client->start(order("hang"));
      case Fate::hang_up:
        caller.patience = static_cast<int>(random_() % 8);
        return caller.client->start(
            order("sleep " + std::to_string(random_() % 6) + "ms; respond \"" + caller.tag + "\""));
      case Fate::half_request:
        caller.patience = static_cast<int>(random_() % 4);
        return caller.client->link().send("POST " + invoke_path("f") +
                                          " HTTP/1.1\r\nContent-Length: 100\r\n\r\n{\"do\":");
      case Fate::event:
        return caller.client->start(order("respond \"" + caller.tag + "\""),
                                    {{"X-Amz-Invocation-Type", "Event"}});
    }
  }

  // What this call's answer must be, if it got to run and had time enough.
  void expect_own_answer(const Caller& caller, const HttpReply& answer) {
    const auto id = answer.header("x-amzn-RequestId");
    if (answer.status == 429) return;  // those who hung up may still hold the environments
    if (caller.fate == Fate::event) {
      EXPECT_EQ(answer.status, 202);
      events_.insert(id);
      return;
    }
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answered_.insert(id).second) << "two answers for " << id;
    const bool failed = caller.fate != Fate::answer;
    if (answer.body == timed_out(id, "2.00")) return;  // on a host that is busy enough, anyone may
    EXPECT_EQ(answer.has("X-Amz-Function-Error"), failed) << caller.tag << ": " << answer.body;
    switch (caller.fate) {
      case Fate::answer:
        EXPECT_EQ(answer.body, '"' + caller.tag + '"');
        return;
      case Fate::error:
        EXPECT_EQ(answer.body, "{\"e\":\"" + caller.tag + "\"}");
        return;
      case Fate::exit:
        EXPECT_EQ(answer.body, exit_error(id, "Runtime exited with error: exit status 3"));
        return;
      case Fate::signal:
        EXPECT_EQ(answer.body,
                  exit_error(id, "Runtime exited with error: signal: segmentation fault"));
        return;
      case Fate::oversize:
        EXPECT_EQ(answer.body, k_oversize);
        return;
      default:
        FAIL() << caller.tag << " should not have been answered: " << answer.body;
    }
  }

  void step(Caller& caller) {
    if (!caller.busy) {
      if (begun_ < k_invokes) begin(caller);
      return;
    }
    if (caller.fate == Fate::hang_up || caller.fate == Fate::half_request) {
      if (--caller.patience >= 0) return;
      (random_() % 2 == 0) ? caller.client->link().abort() : caller.client->link().close();
      hung_up_ += caller.fate == Fate::hang_up ? 1 : 0;
      caller.client.reset();
      caller.busy = false;
    } else if (caller.client->answered()) {
      expect_own_answer(caller, caller.client->finish());
      EXPECT_TRUE(caller.client->link().quiet()) << "a second answer after " << caller.tag;
      caller.busy = false;
    }
  }

  bool at_rest() const {
    for (const auto& state : states()) {
      if (state != "Idle" && state != "ColdAgain") return false;
    }
    return true;
  }

  std::mt19937 random_{20261124};
  int begun_ = 0;
  int hung_up_ = 0;
  std::set<std::string> answered_;
  std::set<std::string> events_;
};

TEST_F(Chaos, EveryInvokeHasExactlyOneAnswerAndOneRecord) {
  play(k_obey);
  function.timeout_s = 2;
  options.concurrency = 24;
  start();
  std::vector<Caller> callers(k_callers);
  ASSERT_TRUE(pump_until(
      *this,
      [&] {
        bool busy = false;
        for (auto& caller : callers) {
          step(caller);
          busy = busy || caller.busy;
        }
        return begun_ == k_invokes && !busy;
      },
      std::chrono::minutes(2)));
  ASSERT_TRUE(until([&] { return at_rest(); }));

  std::set<std::string> recorded;
  for (const auto& record : records.invocations) {
    EXPECT_TRUE(recorded.insert(record.request_id).second)
        << "two records of " << record.request_id;
  }
  for (const auto& id : answered_)
    EXPECT_TRUE(recorded.count(id) == 1) << id;
  for (const auto& id : events_)
    EXPECT_TRUE(recorded.count(id) == 1) << id;
  const auto certain = answered_.size() + events_.size();
  EXPECT_GT(certain, k_invokes * 7U / 10);
  EXPECT_GE(recorded.size(), certain);
  EXPECT_LE(recorded.size(), certain + static_cast<std::size_t>(hung_up_));
  EXPECT_EQ(log.count("START "), static_cast<int>(recorded.size()));
  EXPECT_EQ(log.count("END "), static_cast<int>(recorded.size()));
  EXPECT_EQ(log.count("REPORT "), static_cast<int>(recorded.size()));

  stop();
  EXPECT_EQ(living_children().size(), 1U);
}

}  // namespace
}  // namespace coldframe::testing
