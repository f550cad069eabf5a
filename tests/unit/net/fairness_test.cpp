// One peer, however it behaves, leaves the loop to the others: time, memory and descriptors.
#include <algorithm>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

#include "tests/unit/net/http_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Fairness : public HttpServerTest {
 protected:
  ~Fairness() override { stop_flood(); }
  // From a thread of its own: sends `once`, and then `again` without end, and reads what comes.
  void flood(std::string once, std::string again) {
    flooder_ = std::thread([this, once = std::move(once), again = std::move(again)] {
      RawClient client(port);
      client.send(once);
      std::string block;
      while (block.size() < 64 * 1024)
        block += again;
      while (!flood_over_ && !client.at_end() && !client.broken()) {
        if (client.send_more()) client.send(block);
        client.receive();
      }
      flood_ended_ = true;
    });
  }
  void stop_flood() {
    flood_over_ = true;
    if (flooder_.joinable()) flooder_.join();
  }
  bool a_timer_fires() {
    bool fired = false;
    boost::asio::steady_timer timer(io, 10ms);
    timer.async_wait([&](const boost::system::error_code&) { fired = true; });
    return run_until([&] { return fired; });
  }

  std::atomic<bool> flood_over_{false};
  std::atomic<bool> flood_ended_{false};
  std::thread flooder_;
  int seen_ = 0;
};

TEST_F(Fairness, TimersAndOthersAreServedBesideABodyOfOneByteChunksWithoutEnd) {
  start();
  echo();
  flood("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n");
  ASSERT_TRUE(run_until([&] { return heads > 0; }));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(a_timer_fires());
    auto other = connect();
    other->send("GET /other HTTP/1.1\r\n\r\n");
    EXPECT_EQ(reply_of(*other).body, "/other|");
  }
}

TEST_F(Fairness, TimersAndOthersAreServedBesideAFloodOfRequestsThatAreAnswered) {
  start();
  echo();
  flood("", "GET /ping HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return heads > 1000; }));
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(a_timer_fires());
}

TEST_F(Fairness, OneTurnServesNoMoreThan64KibibytesOfRequests) {
  start();
  echo();
  const std::string request = "GET /ping HTTP/1.1\r\n\r\n";
  std::string block;
  while (block.size() < 1024 * 1024)
    block += request;
  auto client = connect();
  client->send(block);
  int most = 0;
  ASSERT_TRUE(run_until([&] {  // runs one handler, or none, between two looks
    client->send_more();
    client->receive();
    most = std::max(most, heads - std::exchange(seen_, heads));
    return heads >= static_cast<int>(block.size() / request.size());
  }));
  EXPECT_LE(most, static_cast<int>(64 * 1024 / request.size()) + 1);
  EXPECT_GT(most, 1) << "no turn had several";
}

TEST_F(Fairness, AChunkedBodyFarOverItsLimitIsNotReadForEver) {
  start();
  body_limit = 10;
  echo();
  flood("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "10000\r\n" + std::string(0x10000, 'x') + "\r\n");
  EXPECT_TRUE(run_until([&] { return flood_ended_.load(); })) << "the connection was never closed";
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0]->body_state, http::BodyState::too_large);
}

TEST_F(Fairness, UnfinishedHeadsAreBoundedForAllConnectionsTogether) {
  start({.header_limit = 1024 * 1024, .heads_limit = 2 * 1024 * 1024});
  echo();
  const std::string part = "GET / HTTP/1.1\r\nX: " + std::string(900 * 1024, 'x');
  std::vector<std::unique_ptr<RawClient>> hoarders;
  for (int i = 0; i < 3; ++i) {
    hoarders.push_back(connect());
    hoarders.back()->send(part);
    if (i == 2) break;
    ASSERT_TRUE(run_until([&] { return hoarders.back()->send_more(); }));
    settle();  // the third is the one that goes beyond it
  }
  EXPECT_EQ(reply_of(*hoarders[2]).status, 431);
  EXPECT_TRUE(ends(*hoarders[2]));
  // What it held is free again, and the others may finish.
  hoarders[2] = connect();
  hoarders[2]->send("GET /small HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*hoarders[2]).body, "/small|");
  hoarders[0]->send("\r\n\r\n");
  EXPECT_EQ(reply_of(*hoarders[0]).status, 200);
}

TEST_F(Fairness, LargeHeadsCountUntilTheirRequestIsAnswered) {
  start({.header_limit = 1024 * 1024, .heads_limit = 2 * 1024 * 1024});
  echo();
  const std::string head =
      "POST /p HTTP/1.1\r\nContent-Length: 4\r\nX: " + std::string(900 * 1024, 'x') + "\r\n\r\n";
  auto begin = [&] {
    auto client = connect();
    const int before = heads;
    client->send(head);
    EXPECT_TRUE(run_until([&] { return client->send_more() && heads > before; }));
    return client;
  };
  auto first = begin();
  auto second = begin();
  auto third = connect();
  third->send(head);
  EXPECT_EQ(reply_of(*third).status, 431);
  EXPECT_TRUE(ends(*third));
  for (int i = 0; i < 3; ++i) {  // answered, dropped by its caller, or more than one of them
    first->send("body");
    EXPECT_EQ(reply_of(*first).body, "/p|body");
    first = begin();
    second.reset();
    settle();
    second = begin();
  }
}

TEST_F(Fairness, TrailersThatTrickleInAreTakenWhole) {
  start();
  echo();
  auto client = connect();
  client->send(
      "POST /t HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n1\r\nx\r\n0\r\nA: ");
  for (int i = 0; i < 40; ++i) {
    client->send(std::string(100, 'a'));
    settle();
  }
  client->send("\r\nB: b\r\n\r\n");
  EXPECT_EQ(reply_of(*client).body, "/t|x");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0]->request.trailers.find("A"), std::string(4000, 'a'));
  EXPECT_EQ(requests[0]->request.trailers.find("B"), "b");
}

TEST_F(Fairness, DrainReadsABodyThatDidNotFitIntoTheReceiveBufferToItsEnd) {
  start();
  body_limit = 8 * 1024 * 1024;
  auto client = connect();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 1; }));
  client->send_buffer(8 * 1024 * 1024);
  const std::string body(3'500'000, 'b');
  client->send("POST /big HTTP/1.1\r\nContent-Length: 3500000\r\n\r\n" + body);
  ASSERT_TRUE(client->send_more()) << "the kernel took it all, half of it on the sender's side";
  client->close();
  server->drain();
  ASSERT_TRUE(run_until([&] { return !requests.empty(); }));
  EXPECT_EQ(requests[0]->body_state, http::BodyState::complete);
  EXPECT_EQ(requests[0]->request.body, body);
}

TEST_F(Fairness, AReplySaysOneThingAboutItsConnection) {
  start();
  answer = [](const http::ExchangePtr& e) {
    auto reply = http::Response::plain(200, "x");
    reply.announce_keep_alive = true;
    e->reply(std::move(reply));
  };
  auto client = connect();
  client->send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_NE(reply_of(*client).head.find("Connection: keep-alive\r\n"), std::string::npos);
  client->send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto last = reply_of(*client);
  EXPECT_TRUE(last.closes());
  EXPECT_EQ(last.head.find("keep-alive"), std::string::npos);
}

}  // namespace
}  // namespace coldframe::testing
