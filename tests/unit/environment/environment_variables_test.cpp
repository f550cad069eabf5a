#include "emulator/environment/environment_variables.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <regex>

namespace coldframe {
namespace {

const std::string k_stream = "2026/11/24/[$LATEST]0123456789abcdef0123456789abcdef";

FunctionConfig image_function() {
  FunctionConfig config;
  config.name = "scoring";
  config.memory_mb = 1769;
  config.entry_point = {"python3", "-m", "awslambdaric"};
  config.command = {"app.handler"};
  config.task_root = "/srv/scoring";
  config.working_directory = "/srv/scoring/src";
  return config;
}

EnvironmentFacts facts_of(const FunctionConfig& config) {
  EnvironmentFacts facts;
  facts.runtime_api = "127.0.0.1:40001";
  facts.log_stream = k_stream;
  facts.task_root = config.task_root.string();
  facts.working_directory = config.working_directory.string();
  return facts;
}

std::map<std::string, std::string> variables_of(const FunctionConfig& config) {
  std::map<std::string, std::string> out;
  for (const auto& text : environment_variables(config, facts_of(config))) {
    const auto equals = text.find('=');
    EXPECT_NE(equals, std::string::npos) << text;
    EXPECT_TRUE(out.emplace(text.substr(0, equals), text.substr(equals + 1)).second) << text;
  }
  return out;
}

// Conformance 39: every variable that was recorded on AWS, in the recorded form.
TEST(EnvironmentVariables, AreThoseRecordedOnAws) {
  const auto got = variables_of(image_function());
  const std::map<std::string, std::string> wanted{
      {"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:40001"},
      {"_HANDLER", "app.handler"},
      {"AWS_REGION", "us-east-1"},
      {"AWS_DEFAULT_REGION", "us-east-1"},
      {"AWS_EXECUTION_ENV", "AWS_Lambda_Image"},
      {"AWS_LAMBDA_LOG_FORMAT", "Text"},
      {"AWS_LAMBDA_FUNCTION_NAME", "scoring"},
      {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
      {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/scoring"},
      {"AWS_LAMBDA_LOG_STREAM_NAME", k_stream},
      {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000"},
      {"_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1"},
      {"_AWS_XRAY_DAEMON_PORT", "2000"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"LAMBDA_TASK_ROOT", "/srv/scoring"},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
      {"TZ", ":UTC"},
      {"LANG", "en_US.UTF-8"},
      {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
      {"LD_LIBRARY_PATH",
       "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:"
       "/opt/lib"},
      {"PWD", "/srv/scoring/src"},
      {"SHLVL", "0"},
      {"PYTHONPATH", "/var/runtime"},
      {"LC_CTYPE", "C.UTF-8"},
      {"_LAMBDA_TELEMETRY_LOG_FD", "62"}};
  for (auto& [name, value] : wanted) {
    ASSERT_TRUE(got.count(name)) << name;
    EXPECT_EQ(got.at(name), value) << name;
  }
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
    ASSERT_TRUE(got.count(name)) << name;
    EXPECT_FALSE(got.at(name).empty()) << name;
  }
  EXPECT_EQ(got.size(), wanted.size() + 3) << "and no others";
}

TEST(EnvironmentVariables, ComeInAStableOrder) {
  const auto config = image_function();
  const auto texts = environment_variables(config, facts_of(config));
  EXPECT_TRUE(std::is_sorted(texts.begin(), texts.end(), [](const auto& a, const auto& b) {
    return a.substr(0, a.find('=')) < b.substr(0, b.find('='));
  }));
}

TEST(EnvironmentVariables, NameNeitherAHomeNorAnythingOfTheCallers) {
  ::setenv("COLDFRAME_TEST_SECRET", "leak", 1);
  ::setenv("AWS_PROFILE", "leak", 1);
  const auto got = variables_of(image_function());
  EXPECT_EQ(got.count("HOME"), 0U);
  EXPECT_EQ(got.count("USER"), 0U);
  EXPECT_EQ(got.count("COLDFRAME_TEST_SECRET"), 0U);
  EXPECT_EQ(got.count("AWS_PROFILE"), 0U);
  for (auto& [name, value] : got)
    EXPECT_EQ(value.find("leak"), std::string::npos) << name;
  ::unsetenv("COLDFRAME_TEST_SECRET");
  ::unsetenv("AWS_PROFILE");
}

// Conformance 40.
TEST(EnvironmentVariables, ReservedOnesWinOverTheCustomers) {
  FunctionConfig config = image_function();
  config.region = "eu-central-1";
  for (const char* name : {"AWS_REGION",
                           "AWS_DEFAULT_REGION",
                           "AWS_LAMBDA_FUNCTION_NAME",
                           "AWS_LAMBDA_RUNTIME_API",
                           "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                           "AWS_LAMBDA_FUNCTION_VERSION",
                           "AWS_EXECUTION_ENV",
                           "AWS_LAMBDA_LOG_GROUP_NAME",
                           "AWS_LAMBDA_LOG_STREAM_NAME",
                           "AWS_ACCESS_KEY_ID",
                           "AWS_SECRET_ACCESS_KEY",
                           "AWS_SESSION_TOKEN",
                           "LAMBDA_TASK_ROOT",
                           "LAMBDA_RUNTIME_DIR",
                           "AWS_LAMBDA_INITIALIZATION_TYPE",
                           "_HANDLER",
                           "_X",
                           "_X_AMZN_TRACE_ID",
                           "_LAMBDA_TELEMETRY_LOG_FD",
                           "AWS_ACCESS_KEY",
                           "AWS_LAMBDA_MAX_CONCURRENCY",
                           "AWS_LAMBDA_METADATA_API",
                           "PWD",
                           "SHLVL"}) {
    EXPECT_TRUE(is_reserved_variable(name)) << name;
    config.variables[name] = "customer";
  }
  const auto got = variables_of(config);
  EXPECT_EQ(got.at("AWS_REGION"), "eu-central-1");
  EXPECT_EQ(got.count("_X"), 0U);
  EXPECT_EQ(got.count("AWS_ACCESS_KEY"), 0U);
  EXPECT_EQ(got.count("AWS_LAMBDA_MAX_CONCURRENCY"), 0U);
  for (auto& [name, value] : got)
    EXPECT_NE(value, "customer") << name;
}

TEST(EnvironmentVariables, TheCustomerMayReplaceWhatAwsLetsReplace) {
  FunctionConfig config = image_function();
  for (const char* name :
       {"AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL", "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS", "LANG", "LD_LIBRARY_PATH", "PATH", "TZ", "NODE_PATH",
        "PYTHONPATH", "GEM_PATH", "AWS_LAMBDA_DOTNET_PREJIT", "AWS_LAMBDA_EXEC_WRAPPER", "HOME",
        "MODEL"}) {
    EXPECT_FALSE(is_reserved_variable(name)) << name;
    config.variables[name] = "mine";
  }
  config.log_format = LogFormat::json;
  const auto got = variables_of(config);
  for (auto& [name, value] : config.variables)
    EXPECT_EQ(got.at(name), "mine") << name;
}

TEST(EnvironmentVariables, KeepOddValuesByteForByte) {
  FunctionConfig config = image_function();
  config.variables = {{"EMPTY", ""}, {"EQUALS", "a=b=c"}, {"LINES", "a\nb"}, {"UTF8", "\xc3\xa9"}};
  const auto got = variables_of(config);
  EXPECT_EQ(got.at("EMPTY"), "");
  EXPECT_EQ(got.at("EQUALS"), "a=b=c");
  EXPECT_EQ(got.at("LINES"), "a\nb");
  EXPECT_EQ(got.at("UTF8"), "\xc3\xa9");
}

TEST(EnvironmentVariables, NameTheHandlerOfAZipFunctionOrTheLastWordOfAnImagesCommand) {
  FunctionConfig config = image_function();
  config.command = {"a", "b", "last.handler"};
  EXPECT_EQ(variables_of(config).at("_HANDLER"), "last.handler");
  config.command.clear();
  config.entry_point = {"python3", "-m", "awslambdaric", "app.handler"};
  EXPECT_EQ(variables_of(config).at("_HANDLER"), "app.handler");
  config.entry_point = {"/opt/program"};
  EXPECT_EQ(variables_of(config).at("_HANDLER"), "");
  config.handler = "zip.handler";
  EXPECT_EQ(variables_of(config).at("_HANDLER"), "zip.handler");
}

TEST(EnvironmentVariables, NameTheRuntimeOnlyWhereAwsDoes) {
  FunctionConfig config = image_function();
  config.runtime = "python3.13";
  EXPECT_EQ(variables_of(config).at("AWS_EXECUTION_ENV"), "AWS_Lambda_python3.13");
  config.runtime = "provided.al2023";
  config.entry_point.clear();
  EXPECT_EQ(variables_of(config).count("AWS_EXECUTION_ENV"), 0U);
  EXPECT_EQ(variables_of(config).count("PYTHONPATH"), 0U);
  config.runtime = "nodejs22.x";
  EXPECT_EQ(variables_of(config).at("NODE_PATH"),
            "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:"
            "/var/runtime:/var/task");
}

TEST(EnvironmentVariables, TellTheLogFormatAndLevelOfJsonLogs) {
  FunctionConfig config = image_function();
  config.log_format = LogFormat::json;
  config.application_level = Level::warn;
  const auto got = variables_of(config);
  EXPECT_EQ(got.at("AWS_LAMBDA_LOG_FORMAT"), "JSON");
  EXPECT_EQ(got.at("AWS_LAMBDA_LOG_LEVEL"), "WARN");
  EXPECT_EQ(variables_of(image_function()).count("AWS_LAMBDA_LOG_LEVEL"), 0U);
}

TEST(EnvironmentVariables, PassTheCallersCredentialsOnlyWhenAsked) {
  ::setenv("AWS_ACCESS_KEY_ID", "AKIACALLER", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "caller-secret", 1);
  ::unsetenv("AWS_SESSION_TOKEN");
  FunctionConfig config = image_function();
  EXPECT_EQ(variables_of(config).at("AWS_ACCESS_KEY_ID"), k_made_up_access_key);
  config.credentials = Credentials::caller;
  const auto got = variables_of(config);
  EXPECT_EQ(got.at("AWS_ACCESS_KEY_ID"), "AKIACALLER");
  EXPECT_EQ(got.at("AWS_SECRET_ACCESS_KEY"), "caller-secret");
  EXPECT_EQ(got.count("AWS_SESSION_TOKEN"), 0U) << "long-term keys have none";
  ::unsetenv("AWS_ACCESS_KEY_ID");
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
}

TEST(VariableNames, FollowAwssRule) {
  for (const char* name : {"AB", "a1", "MODEL_PATH", "x_"}) {
    EXPECT_TRUE(is_valid_variable_name(name)) << name;
  }
  for (const char* name : {"", "A", "1A", "_A", "A-B", "A B", "A=B", "\xc3\xa9z", "A.B"}) {
    EXPECT_FALSE(is_valid_variable_name(name)) << name;
  }
}

TEST(SearchPath, IsLambdasUnlessTheCustomerSetOne) {
  FunctionConfig config;
  EXPECT_EQ(search_path(config), "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin");
  config.variables["PATH"] = "/mine";
  EXPECT_EQ(search_path(config), "/mine");
}

// Conformance 41.
TEST(EnvironmentVariables, OfAnExtensionAreThoseWithoutTheRuntimesOwn) {
  auto config = image_function();
  config.variables = {{"AWS_XRAY_CONTEXT_MISSING", "IGNORE"}, {"OWN", "yes"}};
  auto wanted = variables_of(config);
  std::erase_if(wanted, [](const auto& entry) {
    const std::regex own(
        "_.*|AWS_XRAY_.*|AWS_EXECUTION_ENV|AWS_LAMBDA_LOG_(GROUP|STREAM)_NAME|"
        "LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR");
    return std::regex_match(entry.first, own);
  });
  std::map<std::string, std::string> got;
  for (const auto& text : extension_variables(config, facts_of(config)))
    got.emplace(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(got.count("OWN"), 1U);
  EXPECT_EQ(got.count("AWS_LAMBDA_RUNTIME_API"), 1U);
}

}  // namespace
}  // namespace coldframe
