#include "emulator/base/base64.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

// RFC 4648 §10.
constexpr std::pair<const char*, const char*> k_vectors[] = {{"", ""},
                                                             {"f", "Zg=="},
                                                             {"fo", "Zm8="},
                                                             {"foo", "Zm9v"},
                                                             {"foob", "Zm9vYg=="},
                                                             {"fooba", "Zm9vYmE="},
                                                             {"foobar", "Zm9vYmFy"}};

TEST(Base64, EncodesTheVectorsOfTheRfc) {
  for (auto& [plain, text] : k_vectors)
    EXPECT_EQ(base64_encode(plain), text);
}

TEST(Base64, DecodesTheVectorsOfTheRfcWithAndWithoutPadding) {
  for (auto& [plain, text] : k_vectors) {
    EXPECT_EQ(base64_decode(text), plain);
    std::string bare = text;
    while (!bare.empty() && bare.back() == '=')
      bare.pop_back();
    EXPECT_EQ(base64_decode(bare), plain);
  }
}

TEST(Base64, ReturnsEveryByteUnchangedAtEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(base64_decode(base64_encode(bytes)), bytes) << i;
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* text :
       {"!!!", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_", "a", "====a", "Zm\xc3\xa9"}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

TEST(Base64, DecodesAClientContext) {
  EXPECT_EQ(base64_decode("eyJjdXN0b20iOnsiayI6InYifX0="), R"({"custom":{"k":"v"}})");
}

}  // namespace
}  // namespace coldframe
