// What a layer becomes, and that nothing of it gets anywhere else.
#include "emulator/image/layer_unpacker.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "tests/support/image_maker.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

using testing::gzip_of;
using testing::tar_header;
using testing::tar_of;
using testing::TarEntry;
namespace fs = std::filesystem;

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read(std::span<char> room) override {
    const std::size_t count = std::min(room.size(), text_.size() - at_);
    std::memcpy(room.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

class Layer : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(root());
    // As for whoever is not root: what needs that is tried by the store's tests.
    options.name = "layer 1";
    options.rights = {false, false, true};
  }
  std::string root() const { return dir.path() + "/layer"; }
  Result<UnpackedLayer> unpack(const std::string& bytes) {
    fs::remove_all(root());
    fs::create_directory(root());
    const UniqueFd fd(::open(root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    LayerStream stream(std::make_unique<TextSource>(bytes), options.name);
    return unpack_layer(stream, fd.get(), options);
  }
  UnpackedLayer unpacked(const std::vector<TarEntry>& entries) {
    auto layer = unpack(tar_of(entries));
    EXPECT_TRUE(layer) << (layer ? "" : layer.error().message);
    return layer ? *layer : UnpackedLayer();
  }
  std::string why(const std::string& bytes) {
    const auto layer = unpack(bytes);
    if (layer) return "(none)";
    EXPECT_EQ(layer.error().code, ExitCode::usage) << layer.error().message;
    return layer.error().message;
  }
  std::string why_of(const std::vector<TarEntry>& entries) { return why(tar_of(entries)); }
  std::string read(const std::string& name) { return dir.read("layer/" + name); }
  struct stat look(const std::string& name) {
    struct stat info {};
    EXPECT_EQ(::lstat((root() + "/" + name).c_str(), &info), 0) << name;
    return info;
  }
  bool is_there(const std::string& name) {
    struct stat info {};
    return ::lstat((root() + "/" + name).c_str(), &info) == 0;
  }
  bool is_whiteout(const std::string& name) {
    const auto info = look(name);
    return S_ISCHR(info.st_mode) && info.st_rdev == 0;
  }
  bool is_opaque(const std::string& name) {
    char value = 0;
    return ::lgetxattr((root() + "/" + name).c_str(), "user.overlay.opaque", &value, 1) == 1 &&
           value == 'y';
  }

  testing::TempDir dir;
  UnpackOptions options;
};

TEST_F(Layer, HasNamesModesTimesLinksAndContentsAsInTheTar) {
  const std::string large(3'000'000, 'l');
  const auto layer = unpacked({{.name = "./", .type = '5', .mode = 0755},
                               {.name = "d/", .type = '5', .mode = 0750, .modified = 1'500'000'000},
                               {.name = "d/file", .content = "text", .mode = 0640},
                               {.name = "d/program", .content = large, .mode = 04755},
                               {.name = "d/empty", .mode = 0},
                               {.name = "d/link", .type = '2', .target = "/usr/../x y"},
                               {.name = "hard", .type = '1', .target = "d/file"},
                               {.name = "pipe", .type = '6', .mode = 0600},
                               {.name = "null", .type = '3'}});
  EXPECT_EQ(read("d/file"), "text");
  EXPECT_EQ(read("d/program"), large);
  EXPECT_EQ(look("d").st_mode & 07777, 0750U);
  EXPECT_EQ(look("d").st_mtime, 1'500'000'000) << "although files were put into it";
  EXPECT_EQ(look("d/file").st_mode & 07777, 0640U);
  EXPECT_EQ(look("d/program").st_mode & 07777, 04755U);
  EXPECT_EQ(look("d/empty").st_mode & 07777, 0U);
  EXPECT_EQ(look("d/file").st_mtime, 1'600'000'000);
  EXPECT_EQ(look("d/link").st_mtime, 1'600'000'000);
  EXPECT_EQ(fs::read_symlink(root() + "/d/link"), "/usr/../x y");
  EXPECT_EQ(look("hard").st_ino, look("d/file").st_ino);
  EXPECT_TRUE(S_ISFIFO(look("pipe").st_mode));
  EXPECT_FALSE(is_there("null"));
  EXPECT_EQ(layer.devices, 1);
  EXPECT_EQ(layer.entries, 9);
  EXPECT_EQ(layer.bytes, static_cast<std::int64_t>(large.size()) + 4);
  EXPECT_EQ(layer.implicit_directories, std::vector<std::string>{});
}

TEST_F(Layer, IsKnownByTheDigestsOfAllItsBytes) {
  const std::string tar = tar_of({{.name = "a", .content = "1"}}) + std::string(9000, '\0');
  const std::string blob = gzip_of(tar);
  const auto layer = unpack(blob).value();
  EXPECT_EQ(layer.digests.blob, sha256_of(blob));
  EXPECT_EQ(layer.digests.diff_id, sha256_of(tar)) << "also of what follows its end";
}

TEST_F(Layer, MayDoWithoutSetIdPrograms) {
  options.rights.keep_set_id = false;
  unpacked({{.name = "su", .mode = 06755}});
  EXPECT_EQ(look("su").st_mode & 07777, 0755U);
}

TEST_F(Layer, MayHaveNamesOfAnyBytesAndLength) {
  const std::string umlaut = "\xC3\xA4\xE6\x97\xA5";
  const std::string latin = "caf\xE9";
  std::string deep;
  for (int i = 0; i < 20; ++i)
    deep += std::string(120, static_cast<char>('a' + i)) + "/";
  unpacked({{.name = umlaut, .content = "1"},
            {.name = latin, .content = "2"},
            {.name = "x", .content = "3", .pax = {{"path", umlaut + "-pax"}}},
            {.name = "y", .content = "4", .pax = {{"path", deep + "file"}}}});
  EXPECT_EQ(read(umlaut), "1");
  EXPECT_EQ(read(latin), "2");
  EXPECT_EQ(read(umlaut + "-pax"), "3");
  EXPECT_EQ(read(deep + "file"), "4");
}

TEST_F(Layer, MayHaveHoles) {
  const std::string map = "1\n1048576\n4\n";  // GNU's sparse format 1.0: one piece, far behind
  std::string content = map + std::string(512 - map.size(), '\0') + "data";
  unpacked({{.name = "sparse",
             .content = content,
             .pax = {{"GNU.sparse.major", "1"},
                     {"GNU.sparse.minor", "0"},
                     {"GNU.sparse.name", "sparse"},
                     {"GNU.sparse.realsize", "2097152"}}}});
  EXPECT_EQ(look("sparse").st_size, 2'097'152);
  EXPECT_LT(look("sparse").st_blocks, 64);
  EXPECT_EQ(read("sparse").substr(1'048'576, 4), "data");
}

TEST_F(Layer, HasAttributesButNoneThatAreOverlayfs) {
  unpacked({{.name = "a",
             .pax = {{"SCHILY.xattr.user.note", "kept"},
                     {"SCHILY.xattr.user.overlay.redirect", "/etc"},
                     {"SCHILY.xattr.trusted.overlay.redirect", "/etc"}}}});
  char value[16]{};
  const std::string path = root() + "/a";
  ASSERT_EQ(::lgetxattr(path.c_str(), "user.note", value, sizeof value), 4);
  EXPECT_EQ(std::string(value), "kept");
  EXPECT_LT(::lgetxattr(path.c_str(), "user.overlay.redirect", value, sizeof value), 0);
  EXPECT_LT(::lgetxattr(path.c_str(), "trusted.overlay.redirect", value, sizeof value), 0);
}

TEST_F(Layer, RemovesWhatLayersBelowHave) {
  unpacked({{.name = "d", .type = '5'},
            {.name = "d/.wh.gone"},
            {.name = "e", .type = '5'},
            {.name = "e/.wh..wh..opq"},
            {.name = "e/new", .content = "1"},
            {.name = ".wh..wh.plnk", .type = '5'},
            {.name = "f/.wh.x"}});
  EXPECT_TRUE(is_whiteout("d/gone"));
  EXPECT_TRUE(is_opaque("e"));
  EXPECT_FALSE(is_opaque("d"));
  EXPECT_EQ(read("e/new"), "1");
  EXPECT_FALSE(is_there("d/.wh.gone") || is_there("e/.wh..wh..opq") || is_there(".wh..wh.plnk"));
  EXPECT_TRUE(is_whiteout("f/x"));
}

TEST_F(Layer, ThatReplacesWhatItRemovesHidesAllBelow) {
  unpacked({{.name = ".wh.before"},
            {.name = "before", .type = '5'},
            {.name = "before/a"},
            {.name = "after", .type = '5'},
            {.name = "after/a"},
            {.name = ".wh.after"},
            {.name = ".wh.file"},
            {.name = "file", .content = "1"}});
  EXPECT_TRUE(is_opaque("before"));
  EXPECT_TRUE(is_there("before/a"));
  EXPECT_TRUE(is_opaque("after"));
  EXPECT_TRUE(is_there("after/a"));
  EXPECT_EQ(read("file"), "1");
}

TEST_F(Layer, TakesTheLaterOfTwoOfAnyKind) {
  unpacked({{.name = "a", .content = "old"},
            {.name = "a", .content = "new"},
            {.name = "b", .type = '5'},
            {.name = "b/x/y", .content = "1"},
            {.name = "b", .content = "file"},
            {.name = "c", .type = '2', .target = "a"},
            {.name = "c", .type = '5'},
            {.name = "c/in", .content = "2"},
            {.name = "d", .type = '5', .mode = 0700},
            {.name = "d/kept", .content = "3"},
            {.name = "d", .type = '5', .mode = 0711}});
  EXPECT_EQ(read("a"), "new");
  EXPECT_EQ(read("b"), "file");
  EXPECT_EQ(read("c/in"), "2");
  EXPECT_EQ(read("d/kept"), "3");
  EXPECT_EQ(look("d").st_mode & 07777, 0711U);
}

TEST_F(Layer, TellsOfDirectoriesThatItOnlyPassesThrough) {
  const auto layer = unpacked({{.name = "a/b/file"}, {.name = "a", .type = '5', .mode = 0700}});
  EXPECT_EQ(layer.implicit_directories, (std::vector<std::string>{"", "a/b"}));
  EXPECT_EQ(look("a").st_mode & 07777, 0700U);
}

TEST_F(Layer, FollowsItsOwnLinksWithinItself) {
  unpacked({{.name = "usr/lib", .type = '5'},
            {.name = "lib", .type = '2', .target = "usr/lib"},
            {.name = "lib64", .type = '2', .target = "/usr/lib"},
            {.name = "lib/a", .content = "1"},
            {.name = "lib64/b", .content = "2"},
            {.name = "up", .type = '2', .target = "../../../usr"},
            {.name = "up/c", .content = "3"}});
  EXPECT_EQ(read("usr/lib/a"), "1");
  EXPECT_EQ(read("usr/lib/b"), "2");
  EXPECT_EQ(read("usr/c"), "3") << "as the root has no parent";
}

// Each tries to write to, or to take from, a place beside the layer.
TEST_F(Layer, NeverLeavesItsDirectory) {
  fs::create_directory(dir.path() + "/outside");
  dir.write("outside/file", "untouched");
  const std::string up = "../outside";
  const std::string absolute = dir.path() + "/outside";
  const std::vector<std::vector<TarEntry>> attempts{
      {{.name = "../outside/file", .content = "x"}},
      {{.name = "a/../../outside/file", .content = "x"}},
      {{.name = absolute + "/new", .content = "x"}},
      {{.name = "l", .type = '2', .target = up}, {.name = "l/new", .content = "x"}},
      {{.name = "l", .type = '2', .target = absolute}, {.name = "l/new", .content = "x"}},
      {{.name = "l", .type = '2', .target = absolute + "/file"}, {.name = "l", .content = "x"}},
      {{.name = "h", .type = '1', .target = up + "/file"}},
      {{.name = "h", .type = '1', .target = absolute + "/file"}},
      {{.name = "d", .type = '5'},
       {.name = "d/a"},
       {.name = "d", .type = '2', .target = absolute},
       {.name = "d/new", .content = "x"},
       {.name = "d/.wh.file"},
       {.name = "d/.wh..wh..opq"}},
      {{.name = "a", .type = '2', .target = "b"},
       {.name = "b", .type = '2', .target = absolute},
       {.name = "a/new", .content = "x"}},
      {{.name = "l", .type = '2', .target = absolute}, {.name = "l", .type = '5', .mode = 0}},
      {{.name = ".wh..", .content = ""}},
      {{.name = ".wh.../", .content = ""}},
      {{.name = "p", .type = '2', .target = "/proc/self/cwd"}, {.name = "p/new", .content = "x"}},
      {{.name = "x/.wh.../../outside", .content = ""}}};
  for (const auto& attempt : attempts) {
    const auto layer = unpack(tar_of(attempt));
    EXPECT_TRUE(layer || layer.error().message.find("layer 1") != std::string::npos);
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir.path()))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"layer", "outside"})) << attempt[0].name;
    EXPECT_EQ(dir.read("outside/file"), "untouched") << attempt[0].name;
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path() + "/outside"), {}), 1);
    struct stat info {};
    EXPECT_EQ(::stat((dir.path() + "/outside").c_str(), &info), 0);
    EXPECT_NE(info.st_mode & 0777, 0U);
    EXPECT_EQ(::stat((dir.path() + "/outside/file").c_str(), &info), 0);
    EXPECT_EQ(info.st_nlink, 1U);
  }
}

TEST_F(Layer, ThatMakesNoSenseIsRefusedWithAReason) {
  EXPECT_EQ(why_of({{.name = "../x"}}), "layer 1: '../x' could lead out of it");
  EXPECT_EQ(why_of({{.name = "a", .type = '1', .target = "b"}}),
            "layer 1: 'a' is a hard link to 'b', and the layer has no such file");
  EXPECT_EQ(why_of({{.name = "a", .content = "1"}, {.name = "a/b", .content = "2"}}),
            "layer 1: 'a' is no directory in it, and yet something is in there");
  EXPECT_EQ(why_of({{.name = "a", .type = '2'}}), "layer 1: 'a' is a link to nothing");
  EXPECT_EQ(why_of({{.name = ".", .content = ""}}), "layer 1: its root is no directory");
  EXPECT_EQ(why_of({{.name = ".wh.."}}), "layer 1: '.wh..' removes nothing that can be");
  EXPECT_EQ(why_of({{.name = "u", .pax = {{"uid", "99999999999"}}}}),
            "layer 1: 'u' has no possible owner");
  EXPECT_EQ(why_of({{.name = "n", .pax = {{"path", std::string(300, 'n')}}}}),
            "layer 1: a name in it has a part of 300 bytes");
  std::string deep;
  for (int i = 0; i < 300; ++i)
    deep += "d/";
  EXPECT_EQ(why_of({{.name = "n", .pax = {{"path", deep}}}}),
            "layer 1: it has directories that are nested more than 256 deep");
  EXPECT_EQ(why_of({{.name = "n", .pax = {{"path", std::string(5000, '/') + "n"}}}}),
            "layer 1: a name in it has 5001 bytes");
}

TEST_F(Layer, ThatIsNoTarOrCutOffIsDamaged) {
  const std::string damaged = "layer 1 is damaged: ";
  EXPECT_TRUE(why(std::string(2000, 'x')).starts_with(damaged));
  const std::string tar = tar_of({{.name = "a", .content = std::string(5000, 'a')},
                                  {.name = "b", .content = std::string(5000, 'b')}});
  for (const std::size_t size : {600U, 5000U, 5700U, 6000U, 9000U})
    EXPECT_TRUE(why(tar.substr(0, size)).starts_with(damaged)) << why(tar.substr(0, size));
  const std::string blob = gzip_of(tar);
  EXPECT_EQ(why(blob.substr(0, blob.size() / 2)),
            "'layer 1' is damaged: its gzip data end too early");
}

TEST_F(Layer, ThatIsTooLargeEndsEarly) {
  options.most_entries = 3;
  EXPECT_EQ(why_of({{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}}),
            "layer 1 has more than 3 entries");
  options.most_entries = 10;
  options.most_bytes = 1000;
  EXPECT_EQ(why_of({{.name = "a", .content = std::string(900, 'a')},
                    {.name = "b", .content = std::string(200, 'b')}}),
            "layer 1: it has more than the 10 GB that Lambda allows for an image (W16)");
  // Eight terabytes that are not there.
  options.most_bytes = image_limits::k_most_image_bytes;
  EXPECT_EQ(why(tar_header({.name = "a"}, std::size_t{8} << 30) +
                tar_header({.name = "b"}, std::size_t{8} << 30)),
            "layer 1 is damaged: Truncated tar archive");
}

TEST(EntryName, IsPlain) {
  EXPECT_EQ(plain_entry_name("./a//b/./c/").value(), "a/b/c");
  EXPECT_EQ(plain_entry_name("/a").value(), "a");
  EXPECT_EQ(plain_entry_name("./").value(), "");
  EXPECT_EQ(plain_entry_name("a/...").value(), "a/...");
  EXPECT_FALSE(plain_entry_name("a/.."));
}

}  // namespace
}  // namespace coldframe
