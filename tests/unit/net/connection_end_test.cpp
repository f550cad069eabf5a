// How connections end: cut off, half-closed, vanished, refused, too many.
#include <gtest/gtest.h>

#include "emulator/net/http_server.hpp"
#include "tests/unit/net/http_fixture.hpp"

namespace coldframe::http {
namespace {

using testing::RawClient;

class ConnectionEnd : public testing::HttpServerTest {
 protected:
  void answer_by_body_state() {
    answer = [](const ExchangePtr& e) {
      switch (e->body_state) {
        case BodyState::complete:
          e->reply(Response::plain(200, e->request.body));
          return;
        case BodyState::truncated:
          e->reply(Response::plain(400, "truncated"));
          return;
        case BodyState::too_large:
          e->reply(Response::plain(413, "too large"));
          return;
      }
    };
  }
};

TEST_F(ConnectionEnd, ATooLargeBodyIsReadToItsEndThenAnsweredAndTheConnectionServesOn) {
  start();
  body_limit = 1000;
  answer_by_body_state();
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; })) << "known from the length alone";
  EXPECT_EQ(requests[0]->body_state, BodyState::too_large);
  settle();
  client->receive();
  EXPECT_EQ(client->received(), "") << "the reply waits for the rest of the body";
  client->send(std::string(3'000'000, 'x'));
  EXPECT_EQ(reply_of(*client).status, 413);
  client->send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(reply_of(*client).body, "ok");
}

TEST_F(ConnectionEnd, DropsWhatItDidNotReadWithoutTouchingWhatAnotherConnectionReads) {
  start();
  answer = [&](const ExchangePtr& e) {
    if (e->request.target == "/waits") return;
    if (e->request.target == "/first") requests[0]->reply(Response::plain(200, "and close"));
    e->reply(Response::plain(200, e->request.target));
  };
  auto closing = connect();
  closing->send("GET /waits HTTP/1.1\r\nConnection: close\r\n\r\n" + std::string(1'000'000, 'A'));
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  settle();
  auto other = connect();
  other->send("GET /first HTTP/1.1\r\n\r\nGET /second HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*other).body, "/first");
  EXPECT_EQ(reply_of(*other).body, "/second");
  EXPECT_EQ(reply_of(*closing).body, "and close");
}

TEST_F(ConnectionEnd, ATooLargeChunkedBodyIsAnsweredWhenItEnds) {
  start();
  body_limit = 10;
  answer_by_body_state();
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100; ++i)
    client->send("5\r\nhello\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  client->send("0\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(reply_of(*client).status, 413);
  EXPECT_EQ(reply_of(*client).body, "ok");
}

TEST_F(ConnectionEnd, ABodyOfAbsurdLengthIsAnsweredAtOnceAndTheConnectionClosed) {
  start();
  body_limit = 1000;
  answer_by_body_state();
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nContent-Length: 9000000000000000000\r\n\r\nabc");
  const auto reply = reply_of(*client);
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.closes());
  EXPECT_TRUE(ends(*client));
}

TEST_F(ConnectionEnd, ATooLargeBodyThatIsCutOffIsStillAnswered) {
  start();
  body_limit = 1000;
  answer_by_body_state();
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n" + std::string(5000, 'x'));
  client->half_close();
  EXPECT_EQ(reply_of(*client).status, 413);
  EXPECT_TRUE(ends(*client));
  EXPECT_EQ(requests.size(), 1U);
}

TEST_F(ConnectionEnd, ATruncatedBodyIsReportedOnceAndAnsweredToAHalfClosedPeer) {
  for (const char* start_of_post :
       {"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf of it",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nab"}) {
    server.reset();
    requests.clear();
    start();
    answer_by_body_state();
    auto client = connect();
    client->send(start_of_post);
    client->half_close();
    const auto reply = reply_of(*client);
    EXPECT_EQ(reply.status, 400);
    EXPECT_TRUE(reply.closes());
    EXPECT_TRUE(ends(*client));
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0]->body_state, BodyState::truncated);
  }
}

TEST_F(ConnectionEnd, ABodyWithBrokenFramingIsATruncatedOne) {
  start();
  answer_by_body_state();
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloGARBAGE\r\n");
  EXPECT_EQ(reply_of(*client).status, 400);
  EXPECT_TRUE(ends(*client));
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0]->body_state, BodyState::truncated);
}

TEST_F(ConnectionEnd, AnEndInsideTheHeadReachesNoHandler) {
  start();
  answer_by_body_state();
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nContent-Le");
  client->half_close();
  EXPECT_TRUE(ends(*client));
  EXPECT_EQ(heads, 0);
  EXPECT_TRUE(requests.empty());
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }));
}

TEST_F(ConnectionEnd, GarbageIsAnsweredWith400AndClosed) {
  start();
  auto client = connect();
  client->send("this is not HTTP\r\n\r\n");
  const auto reply = reply_of(*client);
  EXPECT_EQ(reply.status, 400);
  EXPECT_TRUE(reply.closes());
  EXPECT_TRUE(ends(*client));
  EXPECT_EQ(heads, 0);
}

TEST_F(ConnectionEnd, AHeadOverTheLimitIsAnsweredWith431AndClosed) {
  start({.header_limit = 8192});
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x'));
  EXPECT_EQ(reply_of(*client).status, 431);
  EXPECT_TRUE(ends(*client));
}

TEST_F(ConnectionEnd, GarbageBehindARequestDoesNotCostThatRequestItsReply) {
  start();
  auto client = connect();
  client->send("GET /good HTTP/1.1\r\n\r\nGARBAGE\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  settle();
  requests[0]->reply(Response::plain(200, "good"));
  EXPECT_EQ(reply_of(*client).body, "good");
  EXPECT_EQ(reply_of(*client).status, 400);
  EXPECT_TRUE(ends(*client));
}

TEST_F(ConnectionEnd, AHalfClosedCallerStillGetsItsLateAnswer) {
  start();
  auto client = connect();
  client->send("GET / HTTP/1.1\r\n\r\n");
  client->half_close();
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  settle();
  EXPECT_EQ(gone, 0);
  requests[0]->reply(Response::plain(200, "late"));
  EXPECT_EQ(reply_of(*client).body, "late");
  EXPECT_TRUE(ends(*client));
}

TEST_F(ConnectionEnd, AHalfClosedCallerGetsTheAnswersToAllItPipelined) {
  start();
  auto client = connect();
  client->send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
  client->half_close();
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(run_until([&] { return requests.size() == i; }));
    requests[i - 1]->reply(Response::plain(200, requests[i - 1]->request.target));
    EXPECT_EQ(reply_of(*client).body, "/" + std::to_string(i));
  }
  EXPECT_TRUE(ends(*client));
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }));
}

TEST_F(ConnectionEnd, AHalfPipelinedRequestOfAHalfClosedCallerDoesNotKeepTheConnection) {
  start();
  auto client = connect();
  client->send("GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  client->half_close();
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  settle();
  answer_by_body_state();
  requests[0]->reply(Response::plain(200, "first"));
  EXPECT_EQ(reply_of(*client).body, "first");
  EXPECT_TRUE(ends(*client)) << "the second request can never become complete";
  EXPECT_EQ(server->connection_count(), 0U);
}

TEST_F(ConnectionEnd, ARuntimeThatHalfClosesItsPollIsGone) {
  start({.half_close_is_gone = true});
  auto client = connect();
  client->send("GET /next HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  client->half_close();
  EXPECT_TRUE(run_until([&] { return gone == 1; }));
  EXPECT_TRUE(requests[0]->replied());
  requests[0]->reply(Response::plain(200, "to nobody"));
  EXPECT_TRUE(ends(*client));
  EXPECT_EQ(client->received(), "");
  EXPECT_TRUE(client->was_reset()) << "no trace of the connection stays in the kernel";
  EXPECT_EQ(server->connection_count(), 0U);
}

TEST_F(ConnectionEnd, APeerThatVanishesWhileItWaitsIsNoticedAtOnceInBothModes) {
  for (const bool half_close_is_gone : {true, false}) {
    server.reset();
    requests.clear();
    gone = 0;
    start({.half_close_is_gone = half_close_is_gone});
    auto client = connect();
    client->send("GET /next HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
    client->abort();
    EXPECT_TRUE(run_until([&] { return gone == 1; }));
    requests[0]->reply(Response::plain(200, "to nobody"));
    EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  }
}

TEST_F(ConnectionEnd, APeerThatVanishesInTheMiddleOfALargeReplyIsForgotten) {
  start();
  auto client = connect(4096);
  client->send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  requests[0]->reply(Response::plain(200, std::string(6'000'000, 'x')));
  settle();
  client->abort();
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  EXPECT_EQ(gone, 0);
}

TEST_F(ConnectionEnd, AReplyAfterTheServerHasGoneGoesNowhere) {
  start();
  auto client = connect();
  client->send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  server.reset();
  requests[0]->reply(Response::plain(200, "nowhere"));
  EXPECT_TRUE(ends(*client));
  EXPECT_EQ(client->received(), "");
}

}  // namespace
}  // namespace coldframe::http
