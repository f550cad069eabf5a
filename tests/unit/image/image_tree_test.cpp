#include "emulator/image/image_tree.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <filesystem>

#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class Tree : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* layer : {"top", "low"})
      fs::create_directory(at(layer));
  }
  std::string at(const std::string& name) const { return dir.path() + "/" + name; }
  void file(const std::string& name, const std::string& text = "x") {
    fs::create_directories(fs::path(at(name)).parent_path());
    dir.write(name, text);
  }
  void link(const std::string& name, const std::string& target) {
    fs::create_directories(fs::path(at(name)).parent_path());
    fs::create_symlink(target, at(name));
  }
  void whiteout(const std::string& name) {
    fs::create_directories(fs::path(at(name)).parent_path());
    ASSERT_EQ(::mknod(at(name).c_str(), S_IFCHR, makedev(0, 0)), 0);
  }
  void opaque(const std::string& name) {
    fs::create_directories(at(name));
    ASSERT_EQ(::setxattr(at(name).c_str(), "user.overlay.opaque", "y", 1, 0), 0);
  }
  ImageTree tree() const { return {{at("top"), at("low")}, false}; }
  std::string text(const std::string& path) const {
    const auto node = tree().resolve(path);
    return node ? ImageTree::beginning(*node, 100) : "(none)";
  }
  std::string path(const std::string& given) const {
    const auto node = tree().resolve(given);
    return node ? node->path : "(none)";
  }

  testing::TempDir dir;
};

TEST_F(Tree, ShowsTheHighestOfEachName) {
  file("low/etc/a", "low a");
  file("low/etc/b", "low b");
  file("top/etc/b", "top b");
  EXPECT_EQ(text("/etc/a"), "low a");
  EXPECT_EQ(text("/etc/b"), "top b");
  EXPECT_EQ(tree().list("/etc"), (Names{"a", "b"}));
  EXPECT_EQ(tree().resolve("/etc/b")->layer, 0U);
  EXPECT_EQ(path("/etc/c"), "(none)");
  EXPECT_EQ(path("/etc/a/c"), "(none)");
  EXPECT_EQ(path("/"), "/");
}

TEST_F(Tree, HidesWhatWasRemoved) {
  file("low/d/gone");
  file("low/d/kept");
  whiteout("top/d/gone");
  file("low/e/old");
  opaque("top/e");
  file("top/e/new");
  file("low/f/x");
  file("top/f", "a file now");
  file("low/g", "a file");
  file("top/g/x");
  whiteout("top/h");
  file("low/h/x");
  EXPECT_EQ(tree().list("/d"), Names{"kept"});
  EXPECT_EQ(path("/d/gone"), "(none)");
  EXPECT_EQ(tree().list("/e"), Names{"new"});
  EXPECT_EQ(text("/f"), "a file now");
  EXPECT_EQ(path("/f/x"), "(none)");
  EXPECT_EQ(tree().list("/g"), Names{"x"});
  EXPECT_EQ(path("/h/x"), "(none)");
  EXPECT_EQ(tree().list("/"), (Names{"d", "e", "f", "g"}));
}

TEST_F(Tree, FollowsLinksInsideOnly) {
  file("low/usr/bin/python3.11", "elf");
  link("top/usr/bin/python3", "python3.11");
  link("low/bin", "usr/bin");
  link("low/abs", "/usr/bin/python3");
  link("low/up", "../../../../usr");
  file("outside", "of the host");
  link("low/out", at("outside"));
  EXPECT_EQ(path("/bin/python3"), "/usr/bin/python3.11");
  EXPECT_EQ(path("/abs"), "/usr/bin/python3.11");
  EXPECT_EQ(path("/up/bin"), "/usr/bin");
  EXPECT_EQ(path("/bin/../lib"), "(none)");
  EXPECT_EQ(path("/bin/.."), "/usr");
  EXPECT_EQ(path("/out"), "(none)");
  EXPECT_TRUE(tree().look("/abs")->is_link());
  EXPECT_EQ(tree().look("/bin/python3")->path, "/usr/bin/python3");
}

TEST_F(Tree, EndsWhereLinksGoRound) {
  link("low/a", "b");
  link("low/b", "a");
  link("low/self", "self/self");
  EXPECT_EQ(path("/a"), "(none)");
  EXPECT_EQ(path("/self"), "(none)");
}

TEST_F(Tree, NamesWhereAPathEnds) {
  link("low/usr/bin/python3", "python3.12");
  EXPECT_EQ(tree().dead_end("/usr/bin/python3"), "/usr/bin/python3.12");
  EXPECT_EQ(tree().dead_end("/opt/x/y"), "/opt");
  EXPECT_EQ(tree().dead_end("/usr/bin"), "");
}

TEST_F(Tree, IsWalkedAParentFirstAndLinksNotFollowed) {
  file("low/a/1");
  file("top/a/2");
  file("low/b/skip/3");
  link("low/c", "a");
  Names seen;
  tree().walk("/", [&](const ImageTree::Node& node) {
    seen.push_back(node.path);
    return node.path != "/b/skip";
  });
  EXPECT_EQ(seen, (Names{"/", "/a", "/a/1", "/a/2", "/b", "/b/skip", "/c"}));
}

}  // namespace
}  // namespace coldframe
