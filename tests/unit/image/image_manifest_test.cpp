// What an image's documents say, and with which sentence those are refused that make no sense.
#include "emulator/image/image_manifest.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "tests/support/image_maker.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

using testing::ImageMaker;
using testing::tar_of;
using Json = nlohmann::json;

std::string text_of(const Json& value) { return value.get<std::string>(); }

class Manifest : public ::testing::Test {
 protected:
  void SetUp() override {
    maker.config["config"] = {{"Entrypoint", {"/bin/app", "-x"}},
                              {"Cmd", {"app.handler"}},
                              {"Env", {"A=1", "B=x=y", "none"}},
                              {"WorkingDir", "/var/task"},
                              {"User", "7"},
                              {"Labels", {{"base", "debian"}}}};
    maker.config["history"] = {{{"created_by", "COPY . ."}},
                               {{"created_by", "CMD"}, {"empty_layer", true}}};
    maker.layer(tar_of({{.name = "a", .content = "1"}}));
    maker.layer(tar_of({{.name = "b", .content = "2"}}), testing::Packed::zstd);
  }
  Result<ImageManifest> read(const std::string& path, const ImageChoice& choice = {}) {
    auto files = open_image_files(path, [this]() -> Result<UniqueFd> {
      return UniqueFd(::open(dir.path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    });
    if (!files) return files.error();
    return read_image(**files, choice);
  }
  std::string why(const std::string& path, const ImageChoice& choice = {}) {
    const auto image = read(path, choice);
    if (image) return "(none)";
    EXPECT_EQ(image.error().code, ExitCode::usage);
    std::string text = image.error().message;
    for (auto at = text.find(dir.path() + "/"); at != text.npos; at = text.find(dir.path() + "/"))
      text.erase(at, dir.path().size() + 1);
    return text;
  }
  std::string layout() { return maker.write_layout(dir.path() + "/i"); }
  // Why a layout is refused after a change of its documents.
  std::string why_after(const std::function<void(ImageMaker&)>& change) {
    change(maker);
    return why(layout());
  }

  testing::TempDir dir;
  ImageMaker maker;
};

TEST_F(Manifest, OfALayoutSaysWhatIsRunInWhat) {
  const auto image = read(layout()).value();
  EXPECT_EQ(image.names, std::vector<std::string>{"app:1"});
  EXPECT_EQ(image.config.entry_point, (std::vector<std::string>{"/bin/app", "-x"}));
  EXPECT_EQ(image.config.command, std::vector<std::string>{"app.handler"});
  const std::vector<std::pair<std::string, std::string>> variables{{"A", "1"}, {"B", "x=y"}};
  EXPECT_EQ(image.config.environment, variables);
  EXPECT_EQ(image.config.working_directory, "/var/task");
  EXPECT_EQ(image.config.user, "7");
  EXPECT_EQ(image.config.architecture, "amd64");
  EXPECT_EQ(image.config.labels.at(0).second, "debian");
  EXPECT_TRUE(image.config.history.at(1).empty_layer);
  ASSERT_EQ(image.layers.size(), 2U);
  EXPECT_EQ(image.layers[0].diff_id, sha256_of(maker.tars[0]));
  EXPECT_EQ(image.layers[1].digest->text(), text_of(maker.manifest["layers"][1]["digest"]));
  EXPECT_EQ(image.digest, sha256_of(maker.manifest.dump()));
  EXPECT_EQ(image.config_digest, sha256_of(maker.config.dump()));
  EXPECT_FALSE(image.packaging.is_docker_archive || image.packaging.has_nested_index);
}

TEST_F(Manifest, IsTheSameFromAnArchivePlainOrCompressed) {
  const std::string plain = maker.write_oci_archive(dir.path() + "/i.tar");
  const auto digest = read(plain).value().digest;
  const std::string bytes = dir.read("i.tar");
  EXPECT_EQ(read(dir.write("i.gz", testing::gzip_of(bytes))).value().digest, digest);
  EXPECT_EQ(read(dir.write("i.zst", testing::zstd_of(bytes))).value().digest, digest);
}

TEST_F(Manifest, OfADockerArchiveIsKnownByItsConfiguration) {
  const auto image = read(maker.write_docker_archive(dir.path() + "/d.tar")).value();
  EXPECT_EQ(image.digest, sha256_of(maker.config.dump()));
  EXPECT_EQ(image.names, std::vector<std::string>{"app:1"});
  EXPECT_EQ(image.layers.at(1).diff_id, sha256_of(maker.tars[1]));
  EXPECT_TRUE(image.packaging.is_docker_archive);
}

TEST_F(Manifest, TakesTextsWhereListsAreUsual) {
  maker.config["config"]["Entrypoint"] = "/bin/app";
  maker.config["config"]["Cmd"] = nullptr;
  const auto image = read(layout()).value();
  EXPECT_EQ(image.config.entry_point, std::vector<std::string>{"/bin/app"});
  EXPECT_TRUE(image.config.command.empty());
}

// An index with an image for each of two platforms and an attestation, as buildx makes it.
class Nested : public Manifest {
 protected:
  void SetUp() override {
    Manifest::SetUp();
    auto mine = maker.finish();
    mine["platform"] = {{"architecture", "amd64"}, {"os", "linux"}};
    Json other_config = maker.config;
    other_config["architecture"] = "arm64";
    Json other = maker.manifest;
    other["config"] = maker.add(other_config, "application/vnd.oci.image.config.v1+json");
    auto its = maker.add(other, "application/vnd.oci.image.manifest.v1+json");
    its["platform"] = {{"architecture", "arm64"}, {"os", "linux"}};
    auto attestation = maker.add({{"of", "mine"}}, "application/vnd.oci.image.manifest.v1+json");
    attestation["platform"] = {{"architecture", "unknown"}, {"os", "unknown"}};
    attestation["annotations"] = {{"vnd.docker.reference.type", "attestation-manifest"}};
    inner = {{"schemaVersion", 2}, {"manifests", {attestation, mine, its}}};
    maker.index = {{"schemaVersion", 2},
                   {"manifests", {maker.add(inner, "application/vnd.oci.image.index.v1+json")}}};
  }
  Json inner;
};

TEST_F(Nested, IndexGivesTheImageOfTheWantedPlatform) {
  const auto path = layout();
  EXPECT_EQ(read(path, {.architecture = "amd64"}).value().config.architecture, "amd64");
  const auto arm = read(path, {.architecture = "arm64"}).value();
  EXPECT_EQ(arm.config.architecture, "arm64");
  EXPECT_TRUE(arm.packaging.has_nested_index);
  EXPECT_TRUE(arm.packaging.has_attestations);
  EXPECT_NE(why(path, {.architecture = "s390x"})
                .find("it has no image for linux/s390x, only for "
                      "amd64, arm64"),
            std::string::npos);
}

TEST_F(Nested, IndexInAnIndexWithoutEndIsRefused) {
  for (int i = 0; i < 6; ++i) {
    inner = {{"schemaVersion", 2},
             {"manifests", {maker.add(inner, "application/vnd.oci.image.index.v1+json")}}};
  }
  maker.index = inner;
  EXPECT_NE(why(layout()).find("indexes are nested too deeply"), std::string::npos);
}

TEST_F(Manifest, OfSeveralIsChosenByItsName) {
  auto first = maker.finish();
  Json other = maker.manifest;
  other["annotations"] = {{"x", "y"}};
  auto second = maker.add(other, "application/vnd.oci.image.manifest.v1+json");
  first["annotations"] = {{"io.containerd.image.name", "docker.io/team/app:1"}};
  second["annotations"] = {{"org.opencontainers.image.ref.name", "app:2"}};
  maker.index = {{"schemaVersion", 2}, {"manifests", {first, second}}};
  const auto path = layout();
  EXPECT_EQ(why(path), "'i' has 2 images; name one: i:docker.io/team/app:1, i:app:2");
  for (const char* name : {"docker.io/team/app:1", "team/app:1", "app:1", "1"})
    EXPECT_EQ(read(path, {.reference = name}).value().digest.text(), text_of(first["digest"]))
        << name;
  EXPECT_EQ(read(path, {.reference = text_of(second["digest"])}).value().digest.text(),
            text_of(second["digest"]));
  EXPECT_EQ(why(path, {.reference = "3"}),
            "'i' has no image '3'; it has i:docker.io/team/app:1, i:app:2");
  EXPECT_EQ(why(path, {.reference = "app"}),
            "'i' has 2 images that are called 'app'; name one: "
            "i:docker.io/team/app:1, i:app:2");
}

TEST_F(Manifest, IsMissingInWhatIsNoImage) {
  const std::string neither =
      "' is no image: it has neither the index.json of an OCI layout nor the "
      "manifest.json of docker save";
  EXPECT_EQ(why(dir.write("x.tar", tar_of({{.name = "a"}}))), "'x.tar" + neither);
  std::filesystem::create_directory(dir.path() + "/empty");
  EXPECT_EQ(why(dir.path() + "/empty"), "'empty" + neither);
  EXPECT_EQ(why(dir.write("e.tar", "")), "'e.tar' is empty");
  EXPECT_EQ(why(dir.write("old.tar", tar_of({{.name = "repositories", .content = "{}"}}))),
            "'old.tar' has the form of before Docker 1.10; save the image with a newer one");
  EXPECT_EQ(why(dir.path() + "/gone.tar"),
            "cannot read image 'gone.tar': No such file or directory");
}

TEST_F(Manifest, ThatIsDamagedIsRefused) {
  const auto path = layout();
  const std::string config = maker.manifest["config"]["digest"].get<std::string>().substr(7);
  const std::string blob = "i/blobs/sha256/" + config;
  dir.write(blob, maker.config.dump() + " ");
  EXPECT_EQ(why(path), "'blobs/sha256/" + config + "' of 'i' is damaged: its digest is " +
                           sha256_of(maker.config.dump() + " ").text());
  std::filesystem::remove(dir.path() + "/" + blob);
  EXPECT_EQ(why(path), "'i' is incomplete: it has no 'blobs/sha256/" + config + "'");
  dir.write("i/index.json", "{");
  EXPECT_EQ(why(path), "'index.json' of 'i' is not JSON");
  dir.write("i/index.json", "7");
  EXPECT_EQ(why(path), "'index.json' of 'i' is no JSON object");
  dir.write("i/index.json", std::string(5 << 20, ' '));
  EXPECT_EQ(why(path), "'index.json' of 'i' has more than 4194304 bytes");
  dir.write("i/index.json", "{}");
  EXPECT_EQ(why(path), "'i' has no image in it");
}

TEST_F(Manifest, WithLinksOutOfTheLayoutIsIncomplete) {
  const auto path = layout();
  const std::string config = maker.manifest["config"]["digest"].get<std::string>().substr(7);
  const std::string blob = path + "/blobs/sha256/" + config;
  dir.write("outside", maker.config.dump());
  std::filesystem::remove(blob);
  std::filesystem::create_symlink(dir.path() + "/outside", blob);
  EXPECT_EQ(why(path), "'i' is incomplete: it has no 'blobs/sha256/" + config + "'");
}

TEST_F(Manifest, WithWrongKindsOfValuesIsRefused) {
  struct Case {
    std::function<void(ImageMaker&)> change;
    const char* end;
  };
  const Case cases[] = {
      {[](ImageMaker& m) { m.config["rootfs"]["diff_ids"].erase(0); },
       "it has 1 diff_ids for 2 layers"},
      {[](ImageMaker& m) { m.config["rootfs"]["diff_ids"][0] = "x"; },
       "a diff_id is no sha256 digest: 'x'"},
      {[](ImageMaker& m) { m.config["rootfs"]["type"] = "zip"; },
       "'rootfs' is of type 'zip', not 'layers'"},
      {[](ImageMaker& m) { m.config["config"]["Env"] = {1}; }, "'Env' is no list of texts"},
      {[](ImageMaker& m) { m.config["architecture"] = 7; }, "'architecture' is no text"},
      {[](ImageMaker& m) { m.manifest["layers"][0]["size"] = 5; }, "bytes, not 5"},
      {[](ImageMaker& m) { m.manifest["layers"][0]["size"] = -5; }, "'size' is no size"},
      {[](ImageMaker& m) { m.manifest["layers"][0]["digest"] = "../../x"; },
       "'digest' is no sha256 digest: '../../x'"},
      {[](ImageMaker& m) { m.manifest["layers"] = {1}; }, "an item is no JSON object"},
      {[](ImageMaker& m) { m.manifest["layers"][0]["mediaType"] = "text/plain"; },
       "layer 1 of 'i' is no layer of files, but 'text/plain'"},
      {[](ImageMaker& m) {
         m.manifest["layers"][1]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+encrypted";
       },
       "layer 2 of 'i' is encrypted"},
      {[](ImageMaker& m) {
         m.manifest["config"] = m.add({{"a", 1}}, "application/vnd.cncf.helm.config.v1+json");
       },
       "'i' has no container image, but 'application/vnd.cncf.helm.config.v1+json'"}};
  for (const Case& one : cases) {
    const ImageMaker before = maker;
    EXPECT_TRUE(why_after(one.change).ends_with(one.end)) << why(layout()) << " / " << one.end;
    maker = before;
    std::filesystem::remove_all(dir.path() + "/i");
  }
}

TEST(ImageName, IsMeantByItsEnds) {
  EXPECT_TRUE(is_meant("app:1", "app:1"));
  EXPECT_TRUE(is_meant("registry:5000/team/app:1", "app"));
  EXPECT_TRUE(is_meant("registry:5000/team/app", "team/app"));
  EXPECT_FALSE(is_meant("registry:5000/team/app", "5000"));
  EXPECT_FALSE(is_meant("myapp:1", "app:1"));
  EXPECT_FALSE(is_meant("app:1", ""));
}

}  // namespace
}  // namespace coldframe
