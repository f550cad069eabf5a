#include "emulator/extensions/find_extensions.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "emulator/extensions/extensions_api.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

class FindExtensions : public ::testing::Test {
 protected:
  FindExtensions() {
    fs::create_directories(directory.path() + "/opt/extensions/a-directory");
    config.extensions = directory.path() + "/opt/extensions";
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& file : find_extensions(config))
      out.push_back(file.name);
    return out;
  }

  testing::TempDir directory;
  FunctionConfig config;
};

TEST_F(FindExtensions, TakesExecutableFilesByName) {
  directory.write_executable("opt/extensions/second", "#!/bin/sh\n");
  directory.write_executable("opt/extensions/first.py", "#!/bin/sh\n");
  directory.write("opt/extensions/readme", "");
  EXPECT_EQ(names(), (std::vector<std::string>{"first.py", "second"}));
  EXPECT_EQ(find_extensions(config)[0].path, fs::path(config.extensions / "first.py"));
}

TEST_F(FindExtensions, HasNoneWithoutADirectory) {
  config.extensions.clear();
  EXPECT_TRUE(has_extensions_api(config));
  EXPECT_EQ(names(), std::vector<std::string>());
  config.extensions = directory.path() + "/nowhere";
  EXPECT_EQ(names(), std::vector<std::string>());
}

TEST_F(FindExtensions, AFileBesideThemDisablesThem) {
  directory.write_executable("opt/extensions/agent", "#!/bin/sh\n");
  directory.write("opt/disable-extensions-jwigqn8j", "");
  EXPECT_FALSE(has_extensions_api(config));
  EXPECT_EQ(names(), std::vector<std::string>());
}

TEST_F(FindExtensions, AFlagDoesToo) {
  directory.write_executable("opt/extensions/agent", "#!/bin/sh\n");
  config.extensions_allowed = false;
  EXPECT_FALSE(has_extensions_api(config));
  EXPECT_EQ(names(), std::vector<std::string>());
}

TEST(ExtensionRoutes, AreKnownByMethodAndPath) {
  using enum ExtensionRoute;
  using http::Method;
  const auto route = route_extension_request;
  EXPECT_EQ(route(Method::post, "/2020-01-01/extension/register"), enroll);
  EXPECT_EQ(route(Method::get, "/2020-01-01/extension/event/next"), next);
  EXPECT_EQ(route(Method::post, "/2020-01-01/extension/init/error"), init_error);
  EXPECT_EQ(route(Method::post, "/2020-01-01/extension/exit/error"), exit_error);
  EXPECT_EQ(route(Method::get, "/2020-01-01/extension/register"), method_not_allowed);
  EXPECT_EQ(route(Method::post, "/2020-01-01/extension/event/next"), method_not_allowed);
  EXPECT_EQ(route(Method::get, "/2020-01-01/extension/"), not_found);
  EXPECT_EQ(route(Method::get, "/2020-01-01/extensions/register"), not_found);
}

}  // namespace
}  // namespace coldframe
