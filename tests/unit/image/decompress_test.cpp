#include "emulator/image/decompress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/support/image_maker.hpp"

namespace coldframe {
namespace {

using testing::gzip_of;
using testing::zstd_of;

// As a file on a slow disk gives it.
class TextSource final : public ByteSource {
 public:
  TextSource(std::string text, std::size_t most) : text_(std::move(text)), most_(most) {}
  Result<std::size_t> read(std::span<char> room) override {
    const std::size_t count = std::min({room.size(), most_, text_.size() - at_});
    std::memcpy(room.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  std::size_t most_;
  std::size_t at_ = 0;
};

Result<std::string> plain(const std::string& bytes, std::size_t most = 1000) {
  auto source = decompressed(std::make_unique<TextSource>(bytes, most), "layer");
  if (!source) return source.error();
  return read_all(**source, std::size_t{64} << 20, "it");
}

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i)
    text += std::to_string(i * 2654435761U % 100003) + "\n";
  text.resize(size);
  return text;
}

TEST(Decompressed, KnowsGzipZstdAndNeitherByTheirBytes) {
  for (const std::size_t size : {0U, 1U, 5U, 6U, 7U, 70'000U, 3'000'000U}) {
    const std::string text = text_of(size);
    for (const std::size_t most : {std::size_t{1} << 20, std::size_t{1000}}) {
      EXPECT_EQ(plain(text, most).value(), text) << size;
      EXPECT_EQ(plain(gzip_of(text), most).value(), text) << size;
      EXPECT_EQ(plain(zstd_of(text), most).value(), text) << size;
    }
  }
  EXPECT_EQ(plain(gzip_of("abc"), 1).value(), "abc") << "a byte at a time";
  EXPECT_EQ(plain(zstd_of("abc"), 1).value(), "abc");
}

TEST(Decompressed, GoesOnAtTheNextMember) {
  const std::string a = text_of(100'000);
  const std::string b = text_of(33'333);
  EXPECT_EQ(plain(gzip_of(a) + gzip_of("") + gzip_of(b)).value(), a + b);
  EXPECT_EQ(plain(zstd_of(a) + zstd_of("") + zstd_of(b)).value(), a + b);
}

TEST(Decompressed, SaysThatDataEndTooEarlyWhereverTheyDo) {
  for (const auto& whole : {gzip_of(text_of(50'000)), zstd_of(text_of(50'000))}) {
    for (std::size_t size = 6; size < whole.size();
         size += std::max<std::size_t>(whole.size() / 97, 1)) {
      const auto text = plain(whole.substr(0, size));
      ASSERT_FALSE(text) << size << " of " << whole.size();
      EXPECT_EQ(text.error().code, ExitCode::usage);
      EXPECT_NE(text.error().message.find("'layer' is damaged: "), std::string::npos)
          << text.error().message;
    }
  }
}

TEST(Decompressed, ChecksSums) {
  std::string bytes = gzip_of(text_of(50'000));
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);
  EXPECT_EQ(plain(bytes).error().message, "'layer' is damaged: its gzip checksum is wrong");
}

TEST(Decompressed, RefusesWhatFollowsTheLastMember) {
  EXPECT_FALSE(plain(gzip_of("abc") + "and more"));
  EXPECT_FALSE(plain(zstd_of("abc") + "and more"));
}

TEST(Decompressed, NamesOtherCompressions) {
  const std::string is_not = "; images are plain, or compressed with gzip or zstd";
  EXPECT_EQ(plain("BZh91AY&SY").error().message, "'layer' is compressed with bzip2" + is_not);
  EXPECT_EQ(plain(std::string("\xFD"
                              "7zXZ\0",
                              6) +
                  "x")
                .error()
                .message,
            "'layer' is compressed with xz" + is_not);
  EXPECT_EQ(plain("\x04\x22\x4D\x18rest").error().message,
            "'layer' is compressed with lz4" + is_not);
}

}  // namespace
}  // namespace coldframe
