// What was imported is found again, shared, whole or not there; and is given up when told.
#include "emulator/image/image_store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "emulator/image/image_tree.hpp"
#include "tests/support/image_maker.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;
using testing::ImageMaker;
using testing::tar_of;
using testing::TarEntry;

class Store : public ::testing::Test {
 protected:
  std::string place() const { return dir.path() + "/store"; }
  ImageStore open() {
    auto store = ImageStore::open(place());
    EXPECT_TRUE(store) << (store ? "" : store.error().message);
    return *store;
  }
  Result<StoredImage> import(const std::string& path, const ImageChoice& choice = {}) {
    const ImageStore store = open();
    auto source = store.open_source(path, choice);
    if (!source) return source.error();
    was_known = source->known.has_value();
    return store.import(*source);
  }
  std::string text(const StoredImage& image, const std::string& path) {
    const ImageTree tree(directories_of(image), image.has_trusted_xattrs);
    const auto node = tree.resolve(path);
    return node ? ImageTree::beginning(*node, 100) : "(none)";
  }
  static ImageMaker two_layers() {
    ImageMaker maker;
    maker.layer(tar_of({{.name = "a", .content = "1"}, {.name = "b", .content = "1"}}));
    maker.layer(tar_of({{.name = "a", .content = "2"}, {.name = ".wh.b"}}));
    return maker;
  }
  std::size_t files_in(const std::string& name) {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(place())) {
      if (!entry.path().filename().string().starts_with(name)) continue;
      count += static_cast<std::size_t>(std::distance(fs::directory_iterator(entry.path()), {}));
    }
    return count;
  }

  testing::TempDir dir;
  bool was_known = false;
};

TEST_F(Store, HasTheLayersOfAnImageOnceItIsImported) {
  const auto image = import(two_layers().write_layout(dir.path() + "/i")).value();
  EXPECT_EQ(text(image, "/a"), "2");
  EXPECT_EQ(text(image, "/b"), "(none)");
  EXPECT_EQ(image.layers.size(), 2U);
  EXPECT_EQ(image.bytes, 3);
  EXPECT_EQ(files_in("incoming"), 0U);
}

TEST_F(Store, KnowsAFileThatHasNotChanged) {
  const auto path = two_layers().write_oci_archive(dir.path() + "/i.tar");
  const auto first = import(path).value();
  EXPECT_FALSE(was_known);
  EXPECT_EQ(import(path).value().manifest.digest, first.manifest.digest);
  EXPECT_TRUE(was_known);
  ImageMaker other = two_layers();
  other.config["author"] = "me";
  other.write_oci_archive(path);
  EXPECT_NE(import(path).value().manifest.digest, first.manifest.digest);
  EXPECT_FALSE(was_known);
}

TEST_F(Store, UnpacksALayerOnceWhateverImageHasIt) {
  import(two_layers().write_layout(dir.path() + "/i")).value();
  ImageMaker third = two_layers();
  third.layer(tar_of({{.name = "c", .content = "3"}}));
  const auto image = import(third.write_docker_archive(dir.path() + "/d.tar")).value();
  EXPECT_EQ(files_in("layers"), 3U);
  EXPECT_EQ(text(image, "/c"), "3");
  EXPECT_EQ(text(image, "/a"), "2");
}

TEST_F(Store, RemembersWhatTheImageSays) {
  ImageMaker maker = two_layers();
  maker.config["config"] = {{"Entrypoint", {"/e", ""}}, {"Cmd", {"c"}}, {"Env", {"A=1", "B="}},
                            {"WorkingDir", "/w"},       {"User", "u"},  {"Labels", {{"l", "v"}}}};
  maker.config["history"] = {{{"created_by", "x"}, {"empty_layer", true}}};
  maker.config["created"] = "2026-01-01T00:00:00Z";
  const auto path = maker.write_layout(dir.path() + "/i");
  const auto first = import(path).value();
  const auto again = import(path).value();
  EXPECT_TRUE(was_known);
  EXPECT_EQ(to_record(again.manifest, ""), to_record(first.manifest, ""));
  EXPECT_EQ(again.manifest.config.entry_point, (std::vector<std::string>{"/e", ""}));
  EXPECT_EQ(again.manifest.config.environment.at(1).first, "B");
  EXPECT_EQ(again.manifest.names, std::vector<std::string>{"app:1"});
}

TEST_F(Store, GivesDirectoriesThatALayerOnlyPassesThroughTheirOwn) {
  ImageMaker maker;
  maker.layer(tar_of({{.name = "a", .type = '5', .mode = 0711},
                      {.name = "a/b", .type = '5', .mode = 0750},
                      {.name = "gone", .type = '5', .mode = 0700}}));
  maker.layer(
      tar_of({{.name = "a/b/file", .content = "x"}, {.name = "gone/x"}, {.name = "new/x"}}));
  maker.layer(tar_of({{.name = ".wh.gone"}}));
  const auto image = import(maker.write_layout(dir.path() + "/i")).value();
  ASSERT_NE(image.top, "");
  const ImageTree tree(directories_of(image), image.has_trusted_xattrs);
  EXPECT_EQ(tree.resolve("/a")->info.st_mode & 07777, 0711U);
  EXPECT_EQ(tree.resolve("/a/b")->info.st_mode & 07777, 0750U);
  EXPECT_EQ(tree.resolve("/new")->info.st_mode & 07777, 0755U);
  EXPECT_FALSE(tree.resolve("/gone"));
}

TEST_F(Store, RefusesALayerThatIsNotWhatItIsSaidToBe) {
  ImageMaker maker = two_layers();
  maker.config["rootfs"]["diff_ids"][1] = sha256_of("other").text();
  const auto wrong = import(maker.write_layout(dir.path() + "/i"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ExitCode::usage);
  EXPECT_EQ(wrong.error().message, "layer 2 of '" + dir.path() + "/i' is damaged: its diff_id is " +
                                       sha256_of(maker.tars[1]).text() + ", not " +
                                       sha256_of("other").text());
  maker = two_layers();
  const std::string name = maker.manifest["layers"][0]["digest"].get<std::string>().substr(7);
  const auto path = maker.write_layout(dir.path() + "/j");
  const std::string other = testing::gzip_of(maker.tars[0] + std::string(512, '\0'));
  std::string bytes = maker.blobs[name];
  bytes[9] =
      static_cast<char>(bytes[9] ^ 1);  // the byte that names the system: nothing else changes
  testing::write_bytes(path + "/blobs/sha256/" + name, bytes);
  EXPECT_NE(import(path).error().message.find("is damaged: its digest is"), std::string::npos);
  EXPECT_EQ(files_in("incoming"), 0U);
}

TEST_F(Store, TakesNoLayerOfABootThatEndedBeforeItWasOnTheDisk) {
  const auto path = two_layers().write_layout(dir.path() + "/i");
  const auto image = import(path).value();
  const std::string layer = fs::path(image.layers[0].path).parent_path();
  const std::string record =
      "store/" + fs::path(layer).lexically_relative(place()).string() + "/layer.json";
  std::string text_of = dir.read(record);
  const auto boot = text_of.find("\"boot\": \"") + 9;
  text_of.replace(boot, 8, "00000000");
  dir.write(record, text_of);
  fs::remove(layer + "/fs/a");  // as a disk may have lost it
  EXPECT_EQ(text(import(path).value(), "/b"), "(none)");
  EXPECT_FALSE(was_known);
  EXPECT_TRUE(fs::exists(layer + "/fs/a"));
}

TEST_F(Store, SweepsWhatTheDeadWereMakingAndNothingElse) {
  open();
  fs::create_directories(place() + "/incoming/dead/layer/fs/d");
  const std::string living = place() + "/incoming/living";
  fs::create_directories(living + "/layer");
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open(living.c_str(), O_RDONLY | O_DIRECTORY);
    if (fd < 0 || ::flock(fd, LOCK_EX) != 0) ::_exit(1);
    dir.write("held", "");
    ::pause();
  }
  while (!fs::exists(dir.path() + "/held"))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  open();
  EXPECT_FALSE(fs::exists(place() + "/incoming/dead"));
  EXPECT_TRUE(fs::exists(living + "/layer"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  open();
  EXPECT_FALSE(fs::exists(living));
}

TEST_F(Store, IsSharedByProcessesThatImportTheSame) {
  ImageMaker maker;
  for (int i = 0; i < 6; ++i) {
    maker.layer(tar_of({{.name = "f" + std::to_string(i),
                         .content = std::string(2'000'000, static_cast<char>('a' + i))}}));
  }
  const auto path = maker.write_layout(dir.path() + "/i");
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto image = import(path);
      ::_exit(image && text(*image, "/f5").starts_with("fff") ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(files_in("layers"), 6U) << "and no lock";
  EXPECT_EQ(files_in("incoming"), 0U);
}

TEST_F(Store, IsRightAfterAnyoneWasKilled) {
  ImageMaker maker;
  for (int i = 0; i < 4; ++i) {
    std::vector<TarEntry> entries;
    for (int j = 0; j < 300; ++j) {
      entries.push_back({.name = "d" + std::to_string(i) + "/" + std::to_string(j),
                         .content = std::string(20'000, static_cast<char>('a' + i))});
    }
    maker.layer(tar_of(entries), testing::Packed::plain);
  }
  const auto path = maker.write_layout(dir.path() + "/i");
  for (int delay = 0; delay < 60; delay += 3) {
    const pid_t child = ::fork();
    if (child == 0) {
      (void)import(path);
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  const auto image = import(path).value();
  for (int i = 0; i < 4; ++i) {
    for (const int j : {0, 150, 299}) {
      const auto name = "/d" + std::to_string(i) + "/" + std::to_string(j);
      EXPECT_EQ(text(image, name), std::string(100, static_cast<char>('a' + i)));
    }
  }
  EXPECT_EQ(files_in("incoming"), 0U);
}

TEST_F(Store, ListsWhatItHasAndRemovesWhatIsNotInUse) {
  const auto path = two_layers().write_layout(dir.path() + "/i");
  ImageMaker third = two_layers();
  third.layer(tar_of({{.name = "c", .content = std::string(500, 'c')}}));
  (void)import(third.write_docker_archive(dir.path() + "/d.tar")).value();
  {
    const auto used = import(path).value();
    const auto images = open().list().value();
    ASSERT_EQ(images.size(), 2U);
    const auto& mine = images[0].digest == used.manifest.digest ? images[0] : images[1];
    const auto& other = images[0].digest == used.manifest.digest ? images[1] : images[0];
    EXPECT_TRUE(mine.in_use);
    EXPECT_FALSE(other.in_use);
    EXPECT_EQ(other.bytes, 503);
    EXPECT_EQ(other.own_bytes, 500);
    EXPECT_EQ(mine.own_bytes, 0);
    const auto report = open().prune({}).value();
    ASSERT_EQ(report.removed.size(), 1U);
    EXPECT_EQ(report.removed[0].digest, other.digest);
    EXPECT_EQ(report.freed_bytes, 500);
    EXPECT_EQ(report.kept_in_use, 1U);
    EXPECT_EQ(text(used, "/a"), "2");
  }
  EXPECT_EQ(open().prune({.older_than_s = 3600}).value().removed.size(), 0U);
  EXPECT_EQ(open().prune({.most_bytes = 1 << 20}).value().removed.size(), 0U);
  EXPECT_EQ(open().prune({.most_bytes = 0}).value().removed.size(), 1U);
  EXPECT_EQ(files_in("layers") + files_in("images") + files_in("sources"), 0U);
  EXPECT_EQ(text(import(path).value(), "/a"), "2");
}

TEST_F(Store, SaysWhyItCannotBeUsed) {
  const auto nowhere = ImageStore::open("");
  EXPECT_EQ(nowhere.error().message,
            "no directory for the image store; set COLDFRAME_STORE to one");
  dir.write("file", "");
  const auto file = ImageStore::open(dir.path() + "/file/store");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ExitCode::emulator_failed);
  EXPECT_TRUE(file.error().message.starts_with("cannot make the image store '"))
      << file.error().message;
}

}  // namespace
}  // namespace coldframe
