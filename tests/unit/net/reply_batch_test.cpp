// Replies that become ready in one turn of the loop leave together; nobody may notice.
#include "emulator/net/reply_batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/unit/net/http_fixture.hpp"

namespace coldframe::http {
namespace {

using testing::RawClient;

class ReplyBatchTest : public testing::HttpServerTest {
 protected:
  // `count` clients, each of which has asked for its number.
  void ask(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (clients.size() <= i) clients.push_back(connect());
      clients[i]->send("GET /" + std::to_string(i) + " HTTP/1.1\r\n\r\n");
    }
  }
  bool all_asked(std::size_t count) {
    return run_until([&] {
      for (auto& client : clients)
        client->send_more();
      return requests.size() == count;
    });
  }
  void answer_all(std::size_t body_size = 10) {
    for (auto& request : std::exchange(requests, {})) {
      std::string body = request->request.target + "|";
      body.resize(std::max(body_size, body.size()), 'x');
      request->reply(Response::plain(200, std::move(body)));
    }
  }
  void expect_own_replies() {
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const auto reply = reply_of(*clients[i]);
      EXPECT_EQ(reply.status, 200);
      EXPECT_TRUE(reply.body.starts_with("/" + std::to_string(i) + "|")) << reply.body.substr(0, 9);
    }
  }

  std::vector<std::unique_ptr<RawClient>> clients;
};

TEST_F(ReplyBatchTest, GivesEachOfManyClientsItsOwnReplyAgainAndAgain) {
  start();
  for (int round = 0; round < 5; ++round) {
    ask(100);
    ASSERT_TRUE(all_asked(100));
    answer_all();
    expect_own_replies();
  }
  EXPECT_EQ(server->connection_count(), 100U);
}

TEST_F(ReplyBatchTest, MixesLargeAndSmallReplies) {
  start();
  for (const std::size_t size : {10, 6'000'000, 5'000, 10, 5'000, 10, 10}) {
    ask(40);
    ASSERT_TRUE(all_asked(40));
    answer_all(size);
    expect_own_replies();
    for (auto& client : clients)
      EXPECT_EQ(client->received(), "");
  }
}

TEST_F(ReplyBatchTest, HandsOutNoRequestWhileConnectionsAreDropped) {
  start();
  ask(60);
  for (auto& client : clients)
    client->send("GET /next HTTP/1.1\r\n\r\n");  // waits behind the one that is answered
  ASSERT_TRUE(all_asked(60));
  settle();
  answer_all();
  const std::size_t handed_out = requests.size();  // behind replies that left at once
  EXPECT_LT(handed_out, 60U) << "no reply was gathered";
  server->drop_connections();
  EXPECT_EQ(requests.size(), handed_out);
  expect_own_replies();
  settle();
  EXPECT_EQ(requests.size(), handed_out);
}

TEST_F(ReplyBatchTest, LosesNoReplyToAClientThatVanishesInItsMidst) {
  start();
  ask(60);
  ASSERT_TRUE(all_asked(60));
  for (std::size_t i = 0; i < 60; i += 3)
    clients[i]->abort();
  answer_all();
  for (std::size_t i = 0; i < 60; ++i) {
    if (i % 3 == 0) continue;
    EXPECT_EQ(reply_of(*clients[i]).status, 200) << i;
  }
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 40; }));
}

TEST_F(ReplyBatchTest, SendsWhatWaitsBeforeAConnectionIsDropped) {
  start();
  ask(60);
  ASSERT_TRUE(all_asked(60));
  answer_all();
  server->close();  // in the same turn
  expect_own_replies();
  for (auto& client : clients)
    EXPECT_TRUE(ends(*client));
}

TEST_F(ReplyBatchTest, LeavesNothingOfALongReplyToTheNext) {
  start();
  auto client = connect();
  body_limit = 10;
  client->send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  requests[0]->reply(Response::plain(200, std::string(5000, 'x')));
  EXPECT_EQ(reply_of(*client).body.size(), 5000U);
  client->send("POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 2; }));
  requests[1]->reply(Response::plain(413, "too long"));  // ready before the body is there
  settle();
  client->send(std::string(20, 'b'));
  EXPECT_EQ(reply_of(*client).body, "too long");
  settle();
  client->receive();
  EXPECT_EQ(client->received(), "");
}

TEST_F(ReplyBatchTest, EndsEachConnectionAfterItsReplyWhenTheServerFinishes) {
  start();
  ask(60);
  ASSERT_TRUE(all_asked(60));
  server->finish();
  answer_all();
  for (auto& client : clients) {
    EXPECT_TRUE(reply_of(*client).closes());
    EXPECT_TRUE(ends(*client));
  }
}

TEST_F(ReplyBatchTest, AnswersPipelinedRequestsOfManyInTheirOrder) {
  start();
  echo();
  for (int i = 0; i < 50; ++i) {
    clients.push_back(connect());
    clients.back()->send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
  }
  for (auto& client : clients) {
    for (const char* body : {"/1|", "/2|", "/3|"})
      EXPECT_EQ(reply_of(*client).body, body);
  }
}

TEST_F(ReplyBatchTest, DrainReadsOnBehindAReplyThatWasDue) {
  start();
  ask(40);
  ASSERT_TRUE(all_asked(40));
  answer_all();  // gathered, and not sent before the turn ends
  echo();
  auto late = connect();
  late->send("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
  server->drain();
  late->receive();
  const auto first = late->take_reply(), second = late->take_reply();
  ASSERT_TRUE(first && second) << "the second request waited for the turn to end";
  EXPECT_EQ(first->body + second->body, "/a|/b|");
  expect_own_replies();
}

TEST_F(ReplyBatchTest, GathersWhileMoreThanOneCallerIsAnsweredATurn) {
  boost::asio::io_context own;
  auto& batch = ReplyBatch::of(own);
  int waited = 0;
  for (int i = 0; i < 320; ++i)
    waited += batch.gathers() ? 1 : 0;
  EXPECT_EQ(waited, 289) << "a turn is tried at the 32nd, and until one has ended";
  EXPECT_EQ(&batch, &ReplyBatch::of(own));
}

}  // namespace
}  // namespace coldframe::http
