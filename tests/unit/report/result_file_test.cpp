#include "emulator/report/result_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/unit/report/result_fixture.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;
using namespace result_fixture;

class ResultFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "result-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory_),
                                                  std::filesystem::directory_iterator()));
  }
  std::string directory_;
};

TEST_F(ResultFile, ReplacesTheTargetAndLeavesNothingBeside) {
  const std::string path = directory_ + "/r.json";
  ASSERT_TRUE(write_result(path, "old"));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  ASSERT_TRUE(write_result(path, "new"));
  EXPECT_EQ(read_text(path), "new");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u) << "the mode of the old file is kept";
  EXPECT_EQ(files(), 1u);
}

TEST_F(ResultFile, WritesThroughASymbolicLink) {
  const std::string real = directory_ + "/real.json";
  const std::string link = directory_ + "/link.json";
  ASSERT_TRUE(write_result(real, "old"));
  std::filesystem::create_symlink(real, link);
  ASSERT_TRUE(write_result(link, "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(read_text(real), "new");
}

TEST_F(ResultFile, WritesIntoAPipeWithoutReplacingIt) {
  const std::string pipe = directory_ + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string seen;
  std::thread reader([&] { seen = read_text(pipe); });
  EXPECT_TRUE(write_result(pipe, "through the pipe"));
  reader.join();
  EXPECT_EQ(seen, "through the pipe");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(ResultFile, SaysWhyItCouldNotBeWritten) {
  const Result<void> full = write_result("/dev/full", "x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ExitCode::emulator_failed);
  EXPECT_EQ(full.error().message, "cannot write /dev/full: No space left on device");
  EXPECT_FALSE(write_result(directory_ + "/absent/r.json", "x"));
}

TEST_F(ResultFile, RefusesAPlaceThatDoesNotExistBeforeAnythingStarts) {
  EXPECT_TRUE(check_result_path("-"));
  EXPECT_TRUE(check_result_path("r.json"));
  EXPECT_TRUE(check_result_path(directory_ + "/r.json"));
  const Result<void> absent = check_result_path(directory_ + "/absent/r.json");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ExitCode::usage);
  EXPECT_FALSE(check_result_path(directory_));
  EXPECT_FALSE(check_result_path(""));
}

// Whether the check passes for somebody without root's rights: root may write everywhere.
bool writable_for_anyone(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    ::_exit(check_result_path(path) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2);
  return WEXITSTATUS(status) == 0;
}

TEST_F(ResultFile, RefusesAPlaceThatCannotBeWrittenBeforeAnythingStarts) {
  namespace fs = std::filesystem;
  const fs::path place = directory_;
  fs::create_directories(place / "open");
  fs::create_directories(place / "closed");
  for (const char* name : {"open/mine", "open/locked", "closed/file"})
    std::ofstream(place / name) << "{}";
  fs::create_symlink("../closed/file", place / "open/link");
  fs::permissions(place, fs::perms(0755));
  fs::permissions(place / "open", fs::perms(0777));
  fs::permissions(place / "open/mine", fs::perms(0666));
  fs::permissions(place / "open/locked", fs::perms(0444));
  fs::permissions(place / "closed/file", fs::perms(0666));
  fs::permissions(place / "closed", fs::perms(0555));
  const auto path = [&](const char* name) { return (place / name).string(); };
  EXPECT_TRUE(writable_for_anyone(path("open/new.json")));
  EXPECT_TRUE(writable_for_anyone(path("open/mine")));
  EXPECT_FALSE(writable_for_anyone(path("open/locked")));
  EXPECT_FALSE(writable_for_anyone(path("closed/new.json")));
  EXPECT_FALSE(writable_for_anyone(path("closed/file"))) << "it would be replaced, not rewritten";
  EXPECT_FALSE(writable_for_anyone(path("open/link"))) << "its target would be replaced";
  EXPECT_TRUE(writable_for_anyone("/dev/null"));
  fs::permissions(place / "closed", fs::perms(0755));
}

TEST(ResultDocument, HasTheCommonHeadAndTheVerdictLast) {
  ResultHead head = sample_head();
  head.exit_code = ExitCode::inconclusive;
  ResultDocument document(head);
  document.add_list("list", {"1", "{\"a\":2}"});
  const std::string text = document.text();
  const Json json = Json::parse(text);
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_EQ(json["tool"]["name"], "coldframe");
  EXPECT_EQ(json["started"], "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(json["seed"], 7);
  EXPECT_EQ(json["host"]["cpu_model"], "A \uFFFD CPU");
  EXPECT_EQ(json["function"]["requested"]["limits"], "auto");
  EXPECT_EQ(json["verdict"]["exit_code"], 5);
  EXPECT_EQ(json["verdict"]["reasons"][0], "because");
  EXPECT_EQ(json["list"][1]["a"], 2);
  EXPECT_EQ((--json.end()).key(), "verdict");
  EXPECT_NE(text.find("\n{\"a\":2}\n"), std::string::npos) << "one element a line";
}

}  // namespace
}  // namespace coldframe
