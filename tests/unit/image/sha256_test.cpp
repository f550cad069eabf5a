#include "emulator/image/sha256.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

TEST(Sha256, IsThatOfFips180) {
  EXPECT_EQ(sha256_of("abc").text(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of("").hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, TakesBytesAsTheyComeAndBeginsAnew) {
  Sha256 hash;
  hash.update(std::string_view("a"));
  hash.update(std::string_view("bc"));
  EXPECT_EQ(hash.finish(), sha256_of("abc"));
  EXPECT_EQ(hash.finish(), sha256_of(""));
}

TEST(DigestText, IsReadAsOciWritesIt) {
  const std::string good = sha256_of("x").text();
  EXPECT_EQ(Digest::parse(good, "").value(), sha256_of("x"));
  EXPECT_EQ(Digest::parse(good, "").value().text(), good);
}

TEST(DigestText, IsRefusedInAnyOtherForm) {
  const std::string good = sha256_of("x").text();
  std::string large = good;
  large[10] = 'A';
  for (const std::string& text : {std::string(), std::string("sha256:"), good.substr(1), good + "0",
                                  good.substr(0, 70), large, "sha512:" + good.substr(7),
                                  good.substr(0, 69) + "/.", std::string("../../etc/passwd")}) {
    const auto digest = Digest::parse(text, "the 'digest' of a layer");
    ASSERT_FALSE(digest) << text;
    EXPECT_EQ(digest.error().code, ExitCode::usage);
    EXPECT_EQ(digest.error().message,
              "the 'digest' of a layer is no sha256 digest: '" + text + "'");
  }
}

TEST(DigestText, ThatIsLongIsShownInPart) {
  const auto digest = Digest::parse(std::string(5000, 'x'), "it");
  EXPECT_LT(digest.error().message.size(), 200U);
}

}  // namespace
}  // namespace coldframe
