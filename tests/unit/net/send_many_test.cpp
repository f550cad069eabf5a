// Sending on many sockets at once must do what sending on each of them does, with AIO and without.
#include "emulator/net/send_many.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe::http {
namespace {

struct Pair {
  Pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
  }
  std::string take() const {
    std::string out(1024 * 1024, '\0');
    const auto got = ::read(theirs.get(), out.data(), out.size());
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }
  UniqueFd ours, theirs;
};

iovec part(const std::string& text) { return {const_cast<char*>(text.data()), text.size()}; }

// Parameter: whether AIO may be used.
class SendManyTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    before_ = ::signal(SIGPIPE, SIG_IGN);
    if (!GetParam()) return;
    aio_context_t context = 0;
    if (::syscall(SYS_io_setup, 1, &context) != 0) GTEST_SKIP() << "needs native AIO (io_setup)";
    ::syscall(SYS_io_destroy, context);
  }
  void TearDown() override { ::signal(SIGPIPE, before_); }

  SendItem item(std::size_t pair, const std::string& head, const std::string& body = "") {
    return {.fd = pairs_[pair].ours.get(), .parts = {part(head), part(body)}};
  }

  SendMany sender_{GetParam()};
  std::vector<Pair> pairs_ = std::vector<Pair>(4);

 private:
  void (*before_)(int) = nullptr;
};

TEST_P(SendManyTest, SendsEachItsOwnInOneOrTwoParts) {
  const std::string a = "head a", b = "head b", c = "head c", body(70000, 'x');
  std::vector<SendItem> items{item(0, a), item(1, b, body), item(2, c)};
  sender_.send(items);
  EXPECT_EQ(sender_.batched(), GetParam());
  EXPECT_EQ(items[0].result, 6);
  EXPECT_EQ(items[1].result, 70006);
  EXPECT_EQ(items[2].result, 6);
  EXPECT_EQ(pairs_[0].take(), a);
  EXPECT_EQ(pairs_[1].take(), b + body);
  EXPECT_EQ(pairs_[2].take(), c);
}

TEST_P(SendManyTest, TellsWhoHasGoneWithoutASignalAndServesTheOthers) {
  const std::string text = "text";
  pairs_[1].theirs.reset();
  std::vector<SendItem> items{item(0, text), item(1, text), item(2, text)};
  sender_.send(items);
  EXPECT_EQ(items[0].result, 4);
  EXPECT_EQ(items[1].result, -EPIPE);
  EXPECT_EQ(items[2].result, 4);
}

TEST_P(SendManyTest, WaitsForNobodyWhoseBufferIsFull) {
  const std::string much(8 * 1024 * 1024, 'x'), little = "little";
  std::vector<SendItem> items{item(0, much), item(1, little)};
  sender_.send(items);
  EXPECT_GT(items[0].result, 0);
  EXPECT_LT(items[0].result, static_cast<ssize_t>(much.size()));
  EXPECT_EQ(items[1].result, 6);
  sender_.send(items);
  EXPECT_EQ(items[0].result, -EAGAIN);
  EXPECT_EQ(items[1].result, 6);
}

TEST_P(SendManyTest, LetsNoBadDescriptorKeepTheOthersFromTheirBytes) {
  const std::string text = "text";
  for (std::size_t bad = 0; bad < 3; ++bad) {
    std::vector<SendItem> items{item(0, text), item(1, text), item(2, text)};
    items[bad].fd = -1;
    sender_.send(items);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(items[i].result, i == bad ? -EBADF : 4) << "bad " << bad << ", item " << i;
  }
}

TEST_P(SendManyTest, TakesMoreThanFitIntoOneCall) {
  pairs_ = std::vector<Pair>(300);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    texts.push_back(std::string(i + 1, 'a'));
  for (int round = 0; round < 3; ++round) {
    std::vector<SendItem> items;
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      items.push_back(item(i, texts[i]));
    sender_.send(items);
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      ASSERT_EQ(items[i].result, static_cast<ssize_t>(i + 1));
      ASSERT_EQ(pairs_[i].take(), texts[i]);
    }
  }
}

TEST_P(SendManyTest, NeedsNoBatchForOne) {
  const std::string text = "text";
  std::vector<SendItem> items{item(0, text)};
  sender_.send(items);
  EXPECT_FALSE(sender_.batched());
  EXPECT_EQ(items[0].result, 4);
  EXPECT_EQ(pairs_[0].take(), text);
}

INSTANTIATE_TEST_SUITE_P(, SendManyTest, ::testing::Bool(), [](const auto& tested) {
  return tested.param ? "InOneCall" : "OneByOne";
});

}  // namespace
}  // namespace coldframe::http
