// A sandbox server and the first process of a sandbox, without any process: a test says what they
// do, and when.
//
//   FakeSandboxServer server;
//   SandboxRequests requests(server.client_end(), 30s);
//   requests.create(…);
//   auto request = server.take().value();          // what has arrived
//   server.grant(request);                         // and is answered
//   FakeInit init(std::move(request));
//   init.fork_seed(2);
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/pidfd.hpp"
#include "emulator/sandbox/init_protocol.hpp"
#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/plan_message.hpp"

namespace coldframe::testing {

inline UniqueFd deaf_to_waiting(UniqueFd fd) {
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  return fd;
}

struct FakeRequest {
  std::int64_t number = 0;
  SandboxPlan plan;
  UniqueFd control;
  UniqueFd start;
  std::vector<UniqueFd> groups;
};

class FakeSandboxServer {
 public:
  FakeSandboxServer() {
    auto ends = message_pair();
    EXPECT_TRUE(ends);
    client_ = std::move(ends->first);
    socket_ = deaf_to_waiting(std::move(ends->second));
  }
  UniqueFd client_end() { return std::move(client_); }

  std::optional<FakeRequest> take() {
    auto message = receive_message(socket_.get());
    if (!message) return std::nullopt;
    MessageReader in = message->reader();
    FakeRequest request;
    request.number = in.number();
    request.plan = read_plan(in);
    EXPECT_TRUE(in.ok());
    EXPECT_GE(message->descriptors.size(), 2u);
    request.control = std::move(message->descriptors.at(0));
    request.start = std::move(message->descriptors.at(1));
    for (std::size_t i = 2; i < message->descriptors.size(); ++i)
      request.groups.push_back(std::move(message->descriptors[i]));
    return request;
  }
  // `init`: becomes readable at its end. The sandbox is in the host's network.
  void grant(const FakeRequest& request, int init) {
    const UniqueFd tmp(::open("/tmp", O_PATH | O_CLOEXEC));
    MessageWriter out;
    out.number(request.number);
    out.number(1);
    out.number(0);
    out.text("");
    out.text("");
    out.number(0);
    EXPECT_TRUE(send_message(socket_.get(), out, {init, tmp.get()}));
  }
  void refuse(const FakeRequest& request, const std::string& why) {
    MessageWriter out;
    out.number(request.number);
    out.number(0);
    out.text(why);
    EXPECT_TRUE(send_message(socket_.get(), out));
  }
  // The number of a request for a socket, which came with its network; 0: there is none.
  std::int64_t take_socket() {
    const auto message = receive_message(socket_.get());
    if (!message) return 0;
    MessageReader in = message->reader();
    EXPECT_EQ(message->descriptors.size(), 1u);
    return -in.number();
  }
  void grant_socket(std::int64_t number, int socket) {
    MessageWriter out;
    out.number(number);
    out.number(1);
    EXPECT_TRUE(send_message(socket_.get(), out, {socket}));
  }
  void refuse_socket(std::int64_t number, const std::string& why) {
    FakeRequest request;
    request.number = number;
    refuse(request, why);
  }
  void end() { socket_.reset(); }

 private:
  UniqueFd client_;
  UniqueFd socket_;
};

// Its "pidfd" is one that nobody can kill.
class FakeInit {
 public:
  explicit FakeInit(FakeRequest request)
      : control_(deaf_to_waiting(std::move(request.control))),
        start_(deaf_to_waiting(std::move(request.start))),
        end_(::eventfd(0, EFD_CLOEXEC)) {}
  int pidfd() const { return end_.get(); }

  void fork_seed(std::int64_t inside) {
    const UniqueFd self = open_pidfd(::getpid());
    MessageWriter out;
    out.number(static_cast<std::int64_t>(InitMessage::seed_forked));
    out.number(inside);
    EXPECT_TRUE(send_message(control_.get(), out, {self.get()}));
  }
  void seed_ready(const std::vector<int>& descriptors = {}) {
    MessageWriter out;
    out.number(static_cast<std::int64_t>(SeedMessage::ready));
    out.number(0);
    EXPECT_TRUE(send_message(start_.get(), out, descriptors));
  }
  void exited(std::int64_t inside, int native) {
    MessageWriter out;
    out.number(static_cast<std::int64_t>(InitMessage::exited));
    out.number(inside);
    out.number(native);
    out.number(4096);
    EXPECT_TRUE(send_message(control_.get(), out));
  }
  void empty() {
    MessageWriter out;
    out.number(static_cast<std::int64_t>(InitMessage::empty));
    EXPECT_TRUE(send_message(control_.get(), out));
  }
  // What it was told next; 0: nothing.
  std::int64_t order() {
    const auto message = receive_message(control_.get());
    return message ? message->reader().number() : 0;
  }
  // To whom the next order to become a runtime is; 0: there is none.
  std::int64_t run_order() {
    const auto message = receive_message(start_.get());
    if (!message) return 0;
    MessageReader in = message->reader();
    EXPECT_EQ(in.number(), static_cast<std::int64_t>(SeedMessage::run));
    return in.number();
  }
  void close_sockets() {
    control_.reset();
    start_.reset();
  }
  void end() {
    close_sockets();
    const std::uint64_t one = 1;
    EXPECT_EQ(::write(end_.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }

 private:
  UniqueFd control_;
  UniqueFd start_;
  UniqueFd end_;
};

}  // namespace coldframe::testing
