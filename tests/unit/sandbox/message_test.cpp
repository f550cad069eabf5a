#include "emulator/sandbox/message.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

namespace coldframe {
namespace {

TEST(Message, KeepsItsFieldsInOrder) {
  MessageWriter out;
  out.number(-7);
  out.text("a\0b");
  out.texts({"", "x y", "z"});
  out.numbers({1, 2});
  const std::string bytes = out.bytes();
  MessageReader in(bytes);
  EXPECT_EQ(in.number(), -7);
  EXPECT_EQ(in.text(), "a");
  EXPECT_EQ(in.texts(), (std::vector<std::string>{"", "x y", "z"}));
  EXPECT_EQ(in.numbers(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(in.ok());
}

TEST(Message, ThatIsCutShortIsNoneAndHarmsNobody) {
  MessageWriter out;
  out.texts({"first", "second"});
  for (std::size_t size = 0; size < out.bytes().size(); ++size) {
    const std::string bytes = out.bytes().substr(0, size);
    MessageReader in(bytes);
    (void)in.texts();
    EXPECT_FALSE(in.ok()) << size;
    EXPECT_EQ(in.number(), 0);
  }
}

TEST(Message, WithALengthThatCannotBeIsNone) {
  MessageWriter out;
  out.number(-1);
  out.number(INT64_MAX);
  const std::string bytes = out.bytes();
  MessageReader in(bytes);
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.ok());
}

// Small ones go through the socket, large ones through a memory file; nobody sees a difference.
TEST(Message, CarriesTextsOfAnySizeAndDescriptors) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{1} << 20}) {
    auto ends = message_pair();
    ASSERT_TRUE(ends);
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    MessageWriter out;
    out.text(std::string(size, 'x'));
    ASSERT_TRUE(send_message(ends->first.get(), out, {null.get(), null.get()}));
    const auto got = receive_message(ends->second.get());
    ASSERT_TRUE(got);
    MessageReader in = got->reader();
    EXPECT_EQ(in.text().size(), size);
    EXPECT_TRUE(in.ok());
    ASSERT_EQ(got->descriptors.size(), 2U);
    EXPECT_FALSE(got->truncated);
    EXPECT_NE(::fcntl(got->descriptors[0].get(), F_GETFD) & FD_CLOEXEC, 0);
    struct stat info {};
    EXPECT_EQ(::fstat(got->descriptors[1].get(), &info), 0);
    EXPECT_TRUE(S_ISCHR(info.st_mode));
  }
}

TEST(Message, IsNoneWhenThePeerIsGoneOrHasSaidNothing) {
  auto ends = message_pair();
  ASSERT_TRUE(ends);
  ::fcntl(ends->second.get(), F_SETFL, O_NONBLOCK);
  EXPECT_FALSE(receive_message(ends->second.get()));
  EXPECT_EQ(errno, EAGAIN);
  ends->first.reset();
  EXPECT_FALSE(receive_message(ends->second.get()));
  EXPECT_EQ(errno, 0);
  EXPECT_FALSE(send_message(ends->second.get(), MessageWriter()));
  EXPECT_EQ(errno, EPIPE);
}

TEST(Message, WithMoreDescriptorsThanFitIsRefused) {
  auto ends = message_pair();
  ASSERT_TRUE(ends);
  EXPECT_FALSE(
      send_message(ends->first.get(), MessageWriter(), std::vector<int>(64, ends->first.get())));
  EXPECT_EQ(errno, EINVAL);
}

}  // namespace
}  // namespace coldframe
