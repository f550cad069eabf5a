// Requests and replies through real loopback sockets: keep-alive, order, splits, sizes.
#include "emulator/net/http_server.hpp"

#include <gtest/gtest.h>

#include "tests/unit/net/http_fixture.hpp"

namespace coldframe::http {
namespace {

using testing::RawClient;

class HttpServer : public testing::HttpServerTest {};

std::string post(const std::string& target, const std::string& body, const std::string& more = "") {
  return "POST " + target + " HTTP/1.1\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(HttpServer, AnswersOneRequestAfterTheOtherOnOneConnection) {
  start();
  echo();
  auto client = connect();
  for (int i = 0; i < 5; ++i) {
    client->send(post("/" + std::to_string(i), "body"));
    const auto reply = reply_of(*client);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "/" + std::to_string(i) + "|body");
    EXPECT_FALSE(reply.closes());
  }
  EXPECT_EQ(server->connection_count(), 1U);
}

TEST_F(HttpServer, ClosesWhenTheClientAskedForIt) {
  start();
  echo();
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(reply_of(*client).closes());
  EXPECT_TRUE(ends(*client));
  EXPECT_FALSE(client->was_reset());
  EXPECT_TRUE(run_until([&] { return server->connection_count() == 0; }));
}

TEST_F(HttpServer, ClosesWhenTheHandlerAskedForIt) {
  start();
  answer = [](const ExchangePtr& e) {
    Response response = Response::plain(200, "bye");
    response.close = true;
    e->reply(std::move(response));
  };
  auto client = connect();
  client->send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(reply_of(*client).closes());
  EXPECT_TRUE(ends(*client));
}

TEST_F(HttpServer, ServesARequestThatComesByteByByte) {
  start();
  echo();
  auto client = connect();
  for (char byte : post("/slow", "a body") + "GET /next HTTP/1.1\r\n\r\n") {
    client->send(std::string(1, byte));
    settle();
  }
  EXPECT_EQ(reply_of(*client).body, "/slow|a body");
  EXPECT_EQ(reply_of(*client).body, "/next|");
}

TEST_F(HttpServer, AnswersPipelinedRequestsInTheirOrderThoughTheSecondIsReadyFirst) {
  start();
  auto client = connect();
  client->send(post("/1", "a") + post("/2", "b") + post("/3", "c"));
  // One at a time: the handler sees the next one when the one before has been answered.
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(run_until([&] { return requests.size() == i; }));
    settle();
    EXPECT_EQ(requests.size(), i);
    requests[i - 1]->reply(Response::plain(200, requests[i - 1]->request.target));
  }
  EXPECT_EQ(reply_of(*client).body, "/1");
  EXPECT_EQ(reply_of(*client).body, "/2");
  EXPECT_EQ(reply_of(*client).body, "/3");
}

TEST_F(HttpServer, AnswersAThousandPipelinedRequestsInOrder) {
  start();
  echo();
  auto client = connect();
  std::string all;
  for (int i = 0; i < 1000; ++i)
    all += post("/" + std::to_string(i), std::to_string(i));
  client->send(all);
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_EQ(reply_of(*client).body, "/" + number + "|" + number);
  }
}

TEST_F(HttpServer, AnswersAThousandPipelinedRequestsThatAllWaitedForTheFirst) {
  start();
  auto client = connect();
  std::string all;
  for (int i = 0; i < 1000; ++i)
    all += post("/" + std::to_string(i), std::string(200, 'x'));
  client->send(all);
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  settle();
  echo();
  requests[0]->reply(Response::plain(200, "first"));
  EXPECT_EQ(reply_of(*client).body, "first");
  for (int i = 1; i < 1000; ++i) {
    ASSERT_EQ(reply_of(*client).body, "/" + std::to_string(i) + "|" + std::string(200, 'x'));
  }
}

TEST_F(HttpServer, StopsReadingAClientThatFloodsIt) {
  start();
  auto client = connect();
  client->send("GET /first HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  std::string flood;
  for (int i = 0; i < 200; ++i)
    flood += post("/", std::string(100'000, 'x'));
  client->send(flood);  // 20 MB: far more than the two kernels' buffers hold
  for (int i = 0; i < 50; ++i) {
    settle();
    client->send_more();
  }
  EXPECT_FALSE(client->send_more()) << "all of the flood was taken while nothing was answered";
  EXPECT_EQ(requests.size(), 1U);
  echo();
  requests[0]->reply(Response::plain(200, "go on"));
  EXPECT_EQ(reply_of(*client).body, "go on");
  for (int i = 0; i < 200; ++i)
    ASSERT_EQ(reply_of(*client).body.size(), 100'002U);
}

TEST_F(HttpServer, DeliversSixMegabytesToASlowReaderWhileServingOthers) {
  start();
  auto shared = std::make_shared<std::string>(6 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < shared->size(); ++i)
    (*shared)[i] = static_cast<char>(i * 7 + i / 256);
  answer = [&](const ExchangePtr& e) {
    Response response = Response::json(200, "");
    if (e->request.target == "/big") response.shared = shared;
    e->reply(std::move(response));
  };
  auto slow = connect(4096);
  slow->send("GET /big HTTP/1.1\r\n\r\n");
  auto other = connect();
  for (int i = 0; i < 20; ++i) {
    slow->receive(1000);
    other->send("GET /small HTTP/1.1\r\n\r\n");
    ASSERT_EQ(reply_of(*other).status, 200);
  }
  EXPECT_LT(slow->received().size(), 1'000'000U);
  EXPECT_TRUE(reply_of(*slow).body == *shared);
  slow->send("GET /small HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*slow).status, 200);
}

TEST_F(HttpServer, TakesSixMegabytesInOneBody) {
  start();
  body_limit = 6 * 1024 * 1024 + 100;
  answer = [](const ExchangePtr& e) {
    e->reply(Response::plain(200, std::to_string(e->request.body.size())));
  };
  auto client = connect();
  client->send(post("/", std::string(body_limit, 'x')));
  EXPECT_EQ(reply_of(*client).body, std::to_string(body_limit));
  EXPECT_EQ(requests[0]->body_state, BodyState::complete);
}

TEST_F(HttpServer, AnswersHeadWithTheLengthAndNoBody) {
  start();
  echo();
  auto client = connect();
  client->send("HEAD /h HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] {
    client->receive();
    return client->received().find("\r\n\r\n") != std::string::npos;
  }));
  EXPECT_NE(client->received().find("Content-Length: 3\r\n"), std::string::npos);
  settle();
  client->receive();
  EXPECT_TRUE(client->received().ends_with("\r\n\r\n"));
}

TEST_F(HttpServer, Answers204WithoutALength) {
  start();
  answer = [](const ExchangePtr& e) { e->reply(Response::plain(204, "ignored")); };
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  const auto reply = reply_of(*client);
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.head.find("Content-Length"), std::string::npos);
  EXPECT_EQ(client->received(), "");
}

TEST_F(HttpServer, AnswersExpectContinueBeforeTheBodyComes) {
  start();
  echo();
  auto client = connect();
  client->send("POST /e HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(reply_of(*client).status, 100);
  client->send("body");
  EXPECT_EQ(reply_of(*client).body, "/e|body");
}

TEST_F(HttpServer, OnlyTheFirstReplyCounts) {
  start();
  answer = [](const ExchangePtr& e) {
    e->reply(Response::plain(200, "one"));
    EXPECT_TRUE(e->replied());
    e->reply(Response::plain(500, "two"));
  };
  auto client = connect();
  client->send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*client).body, "one");
  client->send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*client).body, "one");
}

}  // namespace
}  // namespace coldframe::http
