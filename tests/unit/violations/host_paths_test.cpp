#include "emulator/violations/host_paths.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

using Paths = std::vector<std::string>;

struct Shown {
  const char* text;
  Paths paths;
};

class MissingPaths : public ::testing::TestWithParam<Shown> {};

TEST_P(MissingPaths, AreFoundInWhatTheFunctionShows) {
  EXPECT_EQ(missing_paths(GetParam().text), GetParam().paths);
}

INSTANTIATE_TEST_SUITE_P(
    Languages, MissingPaths,
    ::testing::Values(
        Shown{"/var/task/bootstrap: 2: exec: /srv/tools/run: not found\n",
              {"/var/task/bootstrap", "/srv/tools/run"}},
        Shown{"/bin/sh: 1: /srv/run: not found", {"/bin/sh", "/srv/run"}},
        Shown{"FileNotFoundError: [Errno 2] No such file or directory: '/data/model.bin'",
              {"/data/model.bin"}},
        Shown{"python3: can't open file '/srv/app.py': [Errno 2] No such file or directory",
              {"/srv/app.py"}},
        Shown{R"({"errorMessage":"ENOENT: no such file or directory, open '/data/a.json'"})",
              {"/data/a.json"}},
        Shown{"open /data/a.json: no such file or directory", {"/data/a.json"}},
        Shown{R"(Os { code: 2, message: "No such file or directory" } "/data/x")", {"/data/x"}},
        Shown{"java.nio.file.NoSuchFileException: /data/a.json", {"/data/a.json"}}));

TEST(MissingPathsOf, OtherLinesAreNone) {
  EXPECT_EQ(missing_paths("loaded /data/model.bin\nGET /index.html 404\n"), Paths{});
  EXPECT_EQ(missing_paths("no such file or directory: model.bin"), Paths{});
  EXPECT_EQ(missing_paths("404 not found: a/b and https://x/y"), Paths{});
  EXPECT_EQ(missing_paths(""), Paths{});
}

TEST(MissingPathsOf, OneAreToldOnceAndNotWithoutEnd) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "/a: not found\n/p" + std::to_string(i) + ": not found\n";
  const auto paths = missing_paths(text);
  EXPECT_EQ(paths.size(), 20U);
  EXPECT_EQ(paths[0], "/a");
  EXPECT_EQ(paths[1], "/p0");
}

}  // namespace
}  // namespace coldframe
