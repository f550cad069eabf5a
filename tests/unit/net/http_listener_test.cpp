// Listening, the number of connections, draining and dropping them.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "emulator/net/http_server.hpp"
#include "tests/unit/net/http_fixture.hpp"

namespace coldframe::http {
namespace {

using testing::RawClient;

class HttpListener : public testing::HttpServerTest {};

TEST_F(HttpListener, SaysInOneSentenceThatAPortIsTaken) {
  start();
  HttpServer second(io, *this, {});
  const auto listening = second.listen("127.0.0.1", port);
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, ExitCode::emulator_failed);
  EXPECT_EQ(listening.error().message,
            "cannot listen on 127.0.0.1:" + std::to_string(port) +
                ": Address already in use; choose another with --port, or 0 for a free one");
}

TEST_F(HttpListener, SaysThatAnAddressIsNotOfThisHost) {
  HttpServer one(io, *this, {});
  const auto listening = one.listen("192.0.2.1", 0);  // of documentation, so nobody's
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, ExitCode::emulator_failed);
  EXPECT_EQ(listening.error().message,
            "cannot listen on 192.0.2.1:0: Cannot assign requested address; no interface of this "
            "host has that address: --host 127.0.0.1 is for this host alone, 0.0.0.0 for whoever "
            "reaches it");
}

TEST_F(HttpListener, SaysThatAHostIsNoAddress) {
  HttpServer one(io, *this, {});
  const auto listening = one.listen("nowhere.example", 0);
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, ExitCode::usage);
  EXPECT_EQ(listening.error().message,
            "cannot listen on nowhere.example:0: 'nowhere.example' is not an IP address; try "
            "127.0.0.1");
}

TEST_F(HttpListener, TakesLocalhostAndAFreePort) {
  server.emplace(io, *this, ServerLimits());
  const auto listening = server->listen("localhost", 0);
  ASSERT_TRUE(listening);
  port = *listening;
  EXPECT_GT(port, 0);
  echo();
  auto client = connect();
  client->send("GET /x HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*client).body, "/x|");
}

TEST_F(HttpListener, ClosesWhatIsOverTheLimitAndServesTheOthersOn) {
  start({.max_connections = 3});
  echo();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connect());
    clients.back()->send("GET /in HTTP/1.1\r\n\r\n");
    EXPECT_EQ(reply_of(*clients.back()).body, "/in|");
  }
  auto fourth = connect();
  EXPECT_TRUE(ends(*fourth));
  EXPECT_EQ(server->connection_count(), 3U);
  clients[0]->send("GET /again HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*clients[0]).body, "/again|");
  clients[1]->close();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 2; }));
  auto fifth = connect();
  fifth->send("GET /now HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*fifth).body, "/now|");
}

TEST_F(HttpListener, DrainHandsOverWhatADeadPeerHadSentWithoutWaiting) {
  start();
  auto accepted = connect();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 1; }));
  accepted->send("POST /a HTTP/1.1\r\nContent-Length: 1\r\n\r\na");
  auto unaccepted = connect();
  unaccepted->send("POST /b HTTP/1.1\r\nContent-Length: 1\r\n\r\nb");
  accepted->close();
  unaccepted->close();
  server->drain();  // the loop has not turned since
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0]->request.body + requests[1]->request.body, "ba");
}

TEST_F(HttpListener, DropConnectionsKeepsTheListener) {
  start();
  echo();
  auto first = connect();
  first->send("GET /1 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*first).body, "/1|");
  server->drop_connections();
  EXPECT_TRUE(ends(*first));
  EXPECT_EQ(server->connection_count(), 0U);
  auto second = connect();
  second->send("GET /2 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*second).body, "/2|");
}

TEST_F(HttpListener, CloseEndsTheListenerAndLetsTheLoopRunOut) {
  start();
  auto client = connect();
  client->send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return requests.size() == 1; }));
  server->close();
  io.restart();
  io.run();  // would not return with anything left in it
  EXPECT_TRUE(ends(*client));
  auto late = connect();
  EXPECT_TRUE(ends(*late));
  EXPECT_TRUE(late->was_reset());
}

TEST_F(HttpListener, AHandlerMayDropConnectionsOrCloseTheServerFromInside) {
  start();
  answer = [this](const ExchangePtr& e) {
    if (e->request.target == "/drop") server->drop_connections();
    if (e->request.target == "/close") server->close();
    e->reply(Response::plain(200, "nobody reads this"));
  };
  for (const char* target : {"/drop", "/close"}) {
    auto client = connect();
    client->send("GET " + std::string(target) + " HTTP/1.1\r\n\r\nGET /more HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(ends(*client));
    EXPECT_EQ(server->connection_count(), 0U);
  }
  EXPECT_EQ(requests.size(), 2U);
}

// Without a free descriptor accept fails while the listener stays readable: the loop must come to
// rest in between, and serve the connect once a descriptor is free.
// Not under sanitizers: to look at a vptr they need a pipe, and call the object broken without one.
#ifndef __SANITIZE_ADDRESS__
TEST_F(HttpListener, DoesNotSpinWhileThereIsNoDescriptor) {
  start();
  echo();
  auto client = connect();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<UniqueFd> taken;
  rlimit small{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &small), 0);
  for (;;) {
    UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!fd) break;
    taken.push_back(std::move(fd));
  }
  io.restart();
  const auto turns = io.run_for(std::chrono::milliseconds(100));
  taken.clear();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(server->connection_count(), 0U);
  EXPECT_LT(turns, 50U) << "five looks would do";
  client->send("GET /at-last HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reply_of(*client).body, "/at-last|");
}
#endif

}  // namespace
}  // namespace coldframe::http
