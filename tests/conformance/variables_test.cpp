// The environment variables of a runtime: conformance cases 39 and 40.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/support/child_fixture.hpp"

namespace coldframe::testing {
namespace {

using nlohmann::json;

class Variables : public ChildFixture {
 protected:
  // What a real child finds in its environment.
  json dump() {
    play(k_obey);
    start();
    return json::parse(obey("dump-env").body);
  }
};

class Case39 : public Variables {};
TEST_F(Case39, EveryRecordedVariableIsThereInItsForm) {
  const json variables = dump();
  const std::pair<const char*, const char*> exact[] = {
      {"AWS_DEFAULT_REGION", "us-east-1"},
      {"AWS_EXECUTION_ENV", "AWS_Lambda_Image"},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"},
      {"AWS_LAMBDA_FUNCTION_NAME", "f"},
      {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
      {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"},
      {"AWS_REGION", "us-east-1"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000"},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
      {"LANG", "en_US.UTF-8"},
      {"LD_LIBRARY_PATH",
       "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:"
       "/opt/lib"},
      {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
      {"SHLVL", "0"},
      {"TZ", ":UTC"},
      {"_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1"},
      {"_AWS_XRAY_DAEMON_PORT", "2000"},
  };
  for (const auto& [name, value] : exact) {
    EXPECT_EQ(variables.value(name, "(absent)"), value) << name;
  }
  const std::pair<const char*, const char*> formed[] = {
      {"AWS_LAMBDA_RUNTIME_API", R"(127\.0\.0\.1:[0-9]+)"},
      {"AWS_LAMBDA_LOG_STREAM_NAME", R"(\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32})"},
      {"AWS_ACCESS_KEY_ID", "ASIA[A-Z0-9]+"},
      {"AWS_SECRET_ACCESS_KEY", ".+"},
      {"AWS_SESSION_TOKEN", ".+"},
      {"_LAMBDA_TELEMETRY_LOG_FD", "[0-9]+"},
      {"LAMBDA_TASK_ROOT", "/.*"},
      {"PWD", "/.*"},
  };
  for (const auto& [name, form] : formed) {
    const std::string value = variables.value(name, "(absent)");
    EXPECT_TRUE(std::regex_match(value, std::regex(form))) << name << "=" << value;
  }
}

TEST_F(Case39, NothingThatAwsDoesNotSetIsThere) {
  ::setenv("COLDFRAME_TEST_SECRET", "of the caller", 1);
  ::setenv("AWS_PROFILE", "of the caller", 1);
  const json variables = dump();
  for (const char* name :
       {"HOME", "USER", "COLDFRAME_TEST_SECRET", "AWS_PROFILE", "_X_AMZN_TRACE_ID",
        "AWS_LAMBDA_LOG_LEVEL", "AWS_LAMBDA_MAX_CONCURRENCY", "OLDPWD"}) {
    EXPECT_FALSE(variables.contains(name)) << name;
  }
}

TEST_F(Case39, AManagedPythonHasItsOwnVariables) {
  function.runtime = "python3.13";
  function.handler = "app.handler";
  const json variables = dump();
  EXPECT_EQ(variables.value("AWS_EXECUTION_ENV", ""), "AWS_Lambda_python3.13");
  EXPECT_EQ(variables.value("_HANDLER", ""), "app.handler");
  EXPECT_EQ(variables.value("PYTHONPATH", ""), "/var/runtime");
  EXPECT_EQ(variables.value("LC_CTYPE", ""), "C.UTF-8");
}

TEST_F(Case39, ACustomRuntimeHasNoExecutionEnv) {
  function.runtime = "provided.al2023";
  EXPECT_FALSE(dump().contains("AWS_EXECUTION_ENV"));
}

TEST_F(Case39, TextLogsAreAnnouncedWithoutALevel) {
  const json variables = dump();
  EXPECT_EQ(variables.value("AWS_LAMBDA_LOG_FORMAT", ""), "Text");
  EXPECT_FALSE(variables.contains("AWS_LAMBDA_LOG_LEVEL"));
}

TEST_F(Case39, JsonLogsAreAnnouncedWithTheirLevel) {
  function.log_format = LogFormat::json;
  function.application_level = Level::warn;
  const json variables = dump();
  EXPECT_EQ(variables.value("AWS_LAMBDA_LOG_FORMAT", ""), "JSON");
  EXPECT_EQ(variables.value("AWS_LAMBDA_LOG_LEVEL", ""), "WARN");
}

class Case40 : public Variables {};
TEST_F(Case40, ReservedNamesWinOverTheCustomersAndFreeOnesDoNot) {
  function.variables = {{"_X", "1"},
                        {"AWS_REGION", "zz"},
                        {"AWS_LAMBDA_FUNCTION_NAME", "mine"},
                        {"AWS_ACCESS_KEY_ID", "mine"},
                        {"AWS_LAMBDA_RUNTIME_API", "mine"},
                        {"LAMBDA_TASK_ROOT", "mine"},
                        {"TZ", "Europe/Berlin"},
                        {"LANG", "de_DE.UTF-8"},
                        {"MODEL", "a=b c"},
                        {"EMPTY", ""}};
  const json variables = dump();
  EXPECT_FALSE(variables.contains("_X"));
  EXPECT_EQ(variables.value("AWS_REGION", ""), "us-east-1");
  EXPECT_EQ(variables.value("AWS_LAMBDA_FUNCTION_NAME", ""), "f");
  EXPECT_NE(variables.value("AWS_ACCESS_KEY_ID", "mine"), "mine");
  EXPECT_NE(variables.value("AWS_LAMBDA_RUNTIME_API", "mine"), "mine");
  EXPECT_NE(variables.value("LAMBDA_TASK_ROOT", "mine"), "mine");
  EXPECT_EQ(variables.value("TZ", ""), "Europe/Berlin");
  EXPECT_EQ(variables.value("LANG", ""), "de_DE.UTF-8");
  EXPECT_EQ(variables.value("MODEL", ""), "a=b c");
  EXPECT_EQ(variables.value("EMPTY", "(absent)"), "");
}

}  // namespace
}  // namespace coldframe::testing
