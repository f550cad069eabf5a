// Runtimes that break every rule beside one that keeps them: the good one never notices.
#include <gtest/gtest.h>

#include <random>

#include "tests/conformance/texts.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Misbehaviour : public StubFixture {
 protected:
  // Function f with a warm, good runtime; functions bad1 and bad2, each with an event in its hands.
  void start_three() {
    FunctionConfig bad1 = function;
    FunctionConfig bad2 = function;
    bad1.name = "bad1";
    bad2.name = "bad2";
    function.timeout_s = bad1.timeout_s = bad2.timeout_s = 900;
    start({bad1, bad2});
    auto warming = call("{}");
    good_.emplace(next_runtime());
    good_->serve("{}");
    warming.finish();
    for (const char* name : {"bad1", "bad2"}) {
      victims_.push_back(call("{}", {}, name));
      bad_ports_.push_back((wait_for(
                                *this, [&] { return launcher.starts() > spoken_; }, "a start"),
                            launcher.process(spoken_).port()));
      auto runtime = this->runtime(spoken_++);
      bad_ids_.push_back(runtime.next().id);
      bad_.push_back(std::move(runtime));
    }
  }
  // The good runtime answers, at once and with its own answer.
  void expect_good(int round) {
    const std::string event = std::to_string(round);
    auto client = call(event);
    ASSERT_EQ(good_->serve("[" + event + "]").body(), event);
    ASSERT_EQ(client.finish().body, "[" + event + "]");
    ASSERT_EQ(launcher.process(0).killed(), false);
  }
  std::string garbage(std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random_());
    return bytes;
  }

  std::optional<StubRuntime> good_;
  std::vector<InvokeClient> victims_;
  std::vector<std::uint16_t> bad_ports_;
  std::vector<std::string> bad_ids_;
  std::vector<StubRuntime> bad_;
  std::mt19937 random_{42};
  int spoken_ = 1;
};

TEST_F(Misbehaviour, GarbageInsteadOfRequestsDisturbsNobody) {
  start_three();
  for (int round = 0; round < 30; ++round) {
    for (const auto port_number : bad_ports_) {
      RawHttpClient link(*this, port_number);
      link.send(garbage(1 + random_() % 20000));
      if (round % 3 == 0) link.abort();
      expect_good(round);
    }
  }
  EXPECT_EQ(bad_[0].post(response_path(bad_ids_[0]), "\"still there\"").status, 202);
  EXPECT_EQ(victims_[0].finish().body, "\"still there\"");
}

TEST_F(Misbehaviour, AHeaderWithoutEndIsCutOffAtItsLimit) {
  start_three();
  RawHttpClient link(*this, bad_ports_[0]);
  link.send("GET / HTTP/1.1\r\nX-Endless: ");
  const std::string more(256 * 1024, 'h');
  for (int i = 0; i < 40; ++i) {  // 10 MiB
    link.send(more);
    expect_good(i);
  }
  EXPECT_EQ(link.read_reply().status, 431);
  expect_good(100);
}

TEST_F(Misbehaviour, ManyShortHeadersWithoutEndAreCutOffAlike) {
  start_three();
  RawHttpClient link(*this, bad_ports_[1]);
  link.send("GET / HTTP/1.1\r\n");
  std::string more;
  for (int i = 0; i < 5000; ++i)
    more += "X-Header: " + std::to_string(i) + "\r\n";
  for (int i = 0; i < 70; ++i)
    link.send(more);
  EXPECT_EQ(link.read_reply().status, 431);
  expect_good(1);
}

TEST_F(Misbehaviour, ABodyWithoutEndIsRefusedAndItsCallerTold) {
  start_three();
  bad_[0].link().send("POST " + response_path(bad_ids_[0]) +
                      " HTTP/1.1\r\nContent-Length: 9000000000000\r\n\r\n");
  const std::string more(256 * 1024, 'b');
  for (int i = 0; i < 20; ++i) {
    bad_[0].link().send(more);
    expect_good(i);
  }
  EXPECT_EQ(bad_[0].link().read_reply().status, 413);
  EXPECT_EQ(victims_[0].finish().body, k_oversize);

  auto& chunked = bad_[1].link();
  chunked.send(
      http_request("POST", response_path(bad_ids_[1]), "", {{"Transfer-Encoding", "chunked"}}));
  for (int i = 0; i < 40; ++i) {
    chunked.send(http_chunk(more));
    expect_good(i);
  }
  EXPECT_EQ(victims_[1].finish().body, k_oversize);
}

TEST_F(Misbehaviour, LengthsThatAreNoneAreRefused) {
  start_three();
  for (const char* length :
       {"-1", "18446744073709551616", "99999999999999999999999", "0x10", "1 2", "", "abc"}) {
    SCOPED_TRACE(length);
    RawHttpClient link(*this, bad_ports_[0]);
    link.send(http_request("POST", response_path(bad_ids_[0]), "x", {{"Content-Length", length}}));
    EXPECT_EQ(link.read_reply().status, 400);
    expect_good(1);
  }
  for (const char* size : {"zz", "-5", "ffffffffffffffffff", ""}) {
    SCOPED_TRACE(size);
    // Never as a chunk: whatever the answer, the call of the good function goes on.
    RawHttpClient link(*this, bad_ports_[1]);
    link.send(http_request("POST", response_path("x"), "", {{"Transfer-Encoding", "chunked"}}) +
              size + "\r\nhello\r\n");
    expect_good(2);
  }
}

TEST_F(Misbehaviour, ThousandsOfConnectionsDisturbNobody) {
  const int room = raise_descriptor_limit(20000);
  const int count = std::min(3000, (room - 500) / 2);
  ASSERT_GT(count, 1100) << "more than one listener takes at once";
  start_three();
  std::vector<RawHttpClient> flood;
  for (int i = 0; i < count; ++i) {
    flood.emplace_back(*this, bad_ports_[static_cast<std::size_t>(i % 2)]);
    if (i % 3 == 0) flood.back().send("GET /2018-06-01/runtime/invocation/next HT");
    if (i % 100 == 0) expect_good(i);
  }
  for (int i = 0; i < 20; ++i)
    expect_good(i);
  flood.clear();
  for (int i = 0; i < 20; ++i)
    expect_good(i);
  EXPECT_EQ(bad_[1].post(response_path(bad_ids_[1]), "\"survived\"").status, 202);
  EXPECT_EQ(victims_[1].finish().body, "\"survived\"");
}

TEST_F(Misbehaviour, PostsForForeignIdsAreRefusedByTheListenerTheyCameTo) {
  start_three();
  auto client = call("\"whose\"");
  const auto event = good_->next();
  for (int i = 0; i < 100; ++i) {
    auto& runtime = bad_[static_cast<std::size_t>(i % 2)];
    const auto& path = i % 3 == 0 ? error_path(event.id) : response_path(event.id);
    const auto reply = runtime.post(path, "\"stolen\"");
    ASSERT_EQ(reply.status, 400);
    ASSERT_EQ(reply.body, k_invalid_id);
  }
  // Each other's, too.
  EXPECT_EQ(bad_[0].post(response_path(bad_ids_[1]), "\"swapped\"").status, 400);
  EXPECT_FALSE(client.answered());
  good_->respond("\"mine\"");
  good_->ask_next();
  EXPECT_EQ(client.finish().body, "\"mine\"");
}

TEST_F(Misbehaviour, PollsWithoutEndOnManyConnectionsAreAllAnswered) {
  start_three();
  std::vector<StubRuntime> polls;
  for (int i = 0; i < 200; ++i) {
    polls.emplace_back(*this, bad_ports_[0]);
    EXPECT_EQ(polls.back().next().id, bad_ids_[0]);  // Running: the same event, again and again
    if (i % 20 == 0) expect_good(i);
  }
}

TEST_F(Misbehaviour, APipelineOfRefusedPostsIsWorkedOffWithoutHarm) {
  start_three();
  std::string all;
  for (int i = 0; i < 2000; ++i)
    all += http_request("POST", response_path("nobody"), "{}");
  bad_[0].link().send(all);
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(bad_[0].link().read_reply().status, 400);
    if (i % 100 == 0) expect_good(i);
  }
}

TEST_F(Misbehaviour, CallersThatSendGarbageDisturbNobodyEither) {
  start_three();
  for (int round = 0; round < 30; ++round) {
    RawHttpClient link(*this, port());
    link.send(garbage(1 + random_() % 20000));
    if (round % 3 == 0) link.abort();
    expect_good(round);
  }
}

}  // namespace
}  // namespace coldframe::testing
