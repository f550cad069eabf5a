#include "emulator/image/tar_index.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "emulator/base/unique_fd.hpp"
#include "tests/support/image_maker.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

using testing::tar_header;
using testing::tar_of;
using testing::TarEntry;

class TarIndexTest : public ::testing::Test {
 protected:
  Result<TarIndex> index(const std::string& bytes) {
    text_ = bytes;
    const std::string path = dir_.write("it.tar", bytes);
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return TarIndex::read(file.get(), static_cast<std::int64_t>(bytes.size()), "it.tar");
  }
  std::string why(const std::string& bytes) {
    const auto read = index(bytes);
    if (read) return "";
    EXPECT_EQ(read.error().code, ExitCode::usage);
    return read.error().message;
  }
  std::string content(const TarIndex& index, const std::string& name) {
    const TarMember* member = index.find(name);
    if (member == nullptr) return "(none)";
    return text_.substr(static_cast<std::size_t>(member->offset),
                        static_cast<std::size_t>(member->size));
  }

  testing::TempDir dir_;
  std::string text_;
};

TEST_F(TarIndexTest, FindsMembersByTheirPlainNames) {
  const auto read = index(tar_of({{.name = "./a.json", .content = "first"},
                                  {.name = "blobs/", .type = '5'},
                                  {.name = "blobs//sha256/./x", .content = std::string(700, 'x')},
                                  {.name = "empty"}}));
  EXPECT_EQ(content(*read, "a.json"), "first");
  EXPECT_EQ(content(*read, "blobs/sha256/x"), std::string(700, 'x'));
  EXPECT_EQ(content(*read, "empty"), "");
  EXPECT_EQ(content(*read, "blobs"), "(none)") << "a directory";
  EXPECT_EQ(content(*read, "b.json"), "(none)");
}

TEST_F(TarIndexTest, TakesTheLaterOfTwo) {
  const auto read =
      index(tar_of({{.name = "a", .content = "old"}, {.name = "a", .content = "new"}}));
  EXPECT_EQ(content(*read, "a"), "new");
}

TEST_F(TarIndexTest, FollowsLinksAsOldDockersWriteThem) {
  const auto read = index(tar_of({{.name = "a/layer.tar", .content = "layer"},
                                  {.name = "b/layer.tar", .type = '2', .target = "../a/layer.tar"},
                                  {.name = "c", .type = '1', .target = "b/layer.tar"},
                                  {.name = "d", .type = '2', .target = "d"},
                                  {.name = "e", .type = '2', .target = "nowhere"}}));
  EXPECT_EQ(content(*read, "b/layer.tar"), "layer");
  EXPECT_EQ(content(*read, "c"), "layer");
  EXPECT_EQ(content(*read, "d"), "(none)");
  EXPECT_EQ(content(*read, "e"), "(none)");
}

TEST_F(TarIndexTest, ReadsLongNamesAndLargeNumbers) {
  const std::string name(200, 'n');
  const auto pax = index(tar_of({{.name = "short", .content = "1", .pax = {{"path", name}}}}));
  EXPECT_EQ(content(*pax, name), "1");
  const std::string gnu = tar_header({.name = "././@LongLink", .type = 'L'}, name.size() + 1) +
                          name + std::string(512 - name.size(), '\0') +
                          tar_of({{.name = "s", .content = "2"}});
  EXPECT_EQ(content(*index(gnu), name), "2");
  std::string prefixed = tar_header({.name = "file"}, 1);
  prefixed.replace(345, 3, "dir");
  prefixed.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : prefixed)
    sum += static_cast<unsigned char>(c);
  char octal[8];
  std::snprintf(octal, sizeof octal, "%06o", sum);
  prefixed.replace(148, 7, octal, 7);
  EXPECT_EQ(content(*index(prefixed + "3" + std::string(511, '\0')), "dir/file"), "3");
  std::string binary = tar_header({.name = "b"}, 0);
  binary.replace(124, 12, std::string("\x80\0\0\0\0\0\0\0\0\0\0\1", 12));
  binary.replace(148, 8, "        ");
  sum = 0;
  for (const char c : binary)
    sum += static_cast<unsigned char>(c);
  std::snprintf(octal, sizeof octal, "%06o", sum);
  binary.replace(148, 7, octal, 7);
  EXPECT_EQ(content(*index(binary + "4" + std::string(511, '\0')), "b"), "4");
}

TEST_F(TarIndexTest, DoesWithoutTheEndThatManyForget) {
  std::string tar = tar_of({{.name = "a", .content = "1"}});
  tar.resize(tar.size() - 1024);
  EXPECT_EQ(content(*index(tar), "a"), "1");
}

TEST_F(TarIndexTest, RefusesWhatIsNoTar) {
  EXPECT_EQ(why(std::string(600, 'x')), "'it.tar' is no tar archive");
  EXPECT_EQ(why("short"), "'it.tar' is cut off in a tar header");
}

TEST_F(TarIndexTest, SaysWhereItIsCutOff) {
  const std::string tar = tar_of({{.name = "a", .content = std::string(5000, 'a')}});
  EXPECT_EQ(why(tar.substr(0, 512 + 100)), "'it.tar' is cut off in 'a': it has 100 of 5000 bytes");
  EXPECT_EQ(why(tar.substr(0, 300)), "'it.tar' is cut off in a tar header");
}

TEST_F(TarIndexTest, SaysThatItIsDamaged) {
  std::string tar = tar_of({{.name = "a", .content = "1"}, {.name = "b", .content = "2"}});
  std::string header = tar;
  header[1024] = 'c';  // of the second name
  EXPECT_EQ(why(header), "'it.tar' is damaged: no tar header at byte 1024");
  EXPECT_EQ(why(tar_of({{.name = "s", .pax = {{"size", "-5"}}}})),
            "'it.tar' is damaged: a pax header in it is none");
  EXPECT_EQ(why(tar_header({.name = "x", .type = 'x'}, 70'000'000)),
            "'it.tar' is damaged: a name in it is too long");
  const std::string broken = "999 path=x\n";
  EXPECT_EQ(why(tar_header({.name = "x", .type = 'x'}, broken.size()) + broken +
                std::string(512 - broken.size(), '\0') + tar),
            "'it.tar' is damaged: a pax header in it is none");
}

}  // namespace
}  // namespace coldframe
