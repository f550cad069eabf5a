// function.json, as far as it is right: every key, its default and its meaning.
#include "emulator/config/function_file.hpp"

#include <gtest/gtest.h>

#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

FunctionFile read(const std::string& text, const std::string& path = "/srv/scoring/function.json") {
  auto file = parse_function_file(text, path);
  EXPECT_TRUE(file) << (file ? "" : file.error().message);
  return file ? std::move(*file) : FunctionFile();
}

using Words = std::vector<std::string>;

TEST(FunctionFile, HasLambdasDefaultsWhereNothingIsSaid) {
  const auto file = read("{}");
  const auto& config = file.config;
  EXPECT_EQ(config.name, "scoring") << "the directory's name";
  EXPECT_EQ(config.memory_mb, 128);
  EXPECT_EQ(config.timeout_s, 3);
  EXPECT_EQ(config.tmp_mb, 512);
  EXPECT_EQ(config.region, "us-east-1");
  EXPECT_EQ(config.account, "123456789012");
  EXPECT_EQ(config.version, "$LATEST");
  EXPECT_EQ(config.architecture, "x86_64");
  EXPECT_EQ(config.log_format, LogFormat::text);
  EXPECT_EQ(config.task_root, "/srv/scoring");
  EXPECT_EQ(config.working_directory, "/srv/scoring");
  EXPECT_EQ(config.reserved_concurrency, std::nullopt);
  EXPECT_TRUE(config.variables.empty());
  EXPECT_FALSE(file.sized);
  EXPECT_TRUE(file.event.empty());
  EXPECT_TRUE(file.goldens.empty());
  EXPECT_TRUE(file.ignored_keys.empty());
  EXPECT_TRUE(file.warnings.empty());
}

TEST(FunctionFile, ReadsTheExampleOfTheInterface) {
  const auto file = read(R"({ "FunctionName": "scoring", "MemorySize": 1769, "Timeout": 30,
    "EphemeralStorage": {"Size": 512}, "Architectures": ["x86_64"],
    "Environment": {"Variables": {"LOG_LEVEL": "INFO"}},
    "ImageConfig": {"EntryPoint": ["python3", "-m", "awslambdaric"], "Command": ["app.handler"],
                    "WorkingDirectory": "."},
    "Coldframe": {"Event": "event.json", "Golden": "golden/cases.jsonl",
                  "Budgets": ["memory.peak < 400MB", "init.cpu < 3s"]} })");
  EXPECT_EQ(file.config.memory_mb, 1769);
  EXPECT_EQ(file.config.timeout_s, 30);
  EXPECT_EQ(file.config.timeout(), std::chrono::seconds(30));
  EXPECT_TRUE(file.sized);
  EXPECT_EQ(file.config.variables.at("LOG_LEVEL"), "INFO");
  EXPECT_EQ(file.config.entry_point, (Words{"python3", "-m", "awslambdaric"}));
  EXPECT_EQ(file.config.command, Words{"app.handler"});
  EXPECT_EQ(file.event, "/srv/scoring/event.json");
  ASSERT_EQ(file.goldens.size(), 1U);
  EXPECT_EQ(file.goldens[0], "/srv/scoring/golden/cases.jsonl");
  EXPECT_EQ(file.budgets, (Words{"memory.peak < 400MB", "init.cpu < 3s"}));
  EXPECT_EQ(file.config.arn(), "arn:aws:lambda:us-east-1:123456789012:function:scoring");
}

// What `aws lambda get-function-configuration` prints for an image function, every key of it.
constexpr const char* k_aws_output = R"({
  "FunctionName": "churn",
  "FunctionArn": "arn:aws:lambda:eu-central-1:210987654321:function:churn",
  "Role": "arn:aws:iam::210987654321:role/lambda", "CodeSize": 0, "Description": "",
  "Timeout": 60, "MemorySize": 3008, "LastModified": "2026-05-01T08:00:00.000+0000",
  "CodeSha256": "2f0c", "Version": "$LATEST",
  "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""},
  "Environment": {"Variables": {"MODEL": "v3", "EMPTY": ""}},
  "TracingConfig": {"Mode": "PassThrough"}, "RevisionId": "b1d0", "State": "Active",
  "LastUpdateStatus": "Successful", "PackageType": "Image",
  "ImageConfigResponse": {"ImageConfig": {"EntryPoint": ["/entry.sh"], "Command": ["app.handler"],
                                          "WorkingDirectory": "/srv"}},
  "Architectures": ["arm64"], "EphemeralStorage": {"Size": 1024},
  "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
  "RuntimeVersionConfig": {"RuntimeVersionArn": "arn:aws:lambda:eu-central-1::runtime:0"},
  "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN",
                    "LogGroup": "/aws/lambda/churn"},
  "Layers": [], "DeadLetterConfig": null })";

TEST(FunctionFile, ReadsTheOutputOfGetFunctionConfiguration) {
  const auto file = read(k_aws_output);
  const auto& config = file.config;
  EXPECT_EQ(config.name, "churn");
  EXPECT_EQ(config.region, "eu-central-1");
  EXPECT_EQ(config.account, "210987654321");
  EXPECT_EQ(config.arn(), "arn:aws:lambda:eu-central-1:210987654321:function:churn");
  EXPECT_EQ(config.timeout_s, 60);
  EXPECT_EQ(config.memory_mb, 3008);
  EXPECT_EQ(config.tmp_mb, 1024);
  EXPECT_EQ(config.architecture, "arm64");
  EXPECT_EQ(config.entry_point, Words{"/entry.sh"});
  EXPECT_EQ(config.command, Words{"app.handler"});
  EXPECT_EQ(config.working_directory, "/srv");
  EXPECT_EQ(config.log_format, LogFormat::json);
  EXPECT_EQ(config.application_level, Level::debug);
  EXPECT_EQ(config.system_level, Level::warn);
  EXPECT_EQ(config.variables, (std::map<std::string, std::string>{{"MODEL", "v3"}, {"EMPTY", ""}}));
  for (const char* key : {"Role", "VpcConfig", "SnapStart", "RevisionId", "Layers"}) {
    EXPECT_NE(std::find(file.ignored_keys.begin(), file.ignored_keys.end(), key),
              file.ignored_keys.end())
        << key << " is to be listed with -v";
  }
  EXPECT_TRUE(file.warnings.empty());
}

TEST(FunctionFile, WarnsOfAKeyThatNobodyKnowsInsteadOfRefusingIt) {
  const auto file = read(R"({"SomethingNewIn2027": {"Mode": 1}})");
  EXPECT_EQ(file.ignored_keys, Words{});
  EXPECT_EQ(file.warnings,
            Words{"/srv/scoring/function.json: SomethingNewIn2027 is a key of neither "
                  "Lambda nor Coldframe; ignored"});
}

TEST(FunctionFile, PrefersImageConfigToImageConfigResponse) {
  const auto file = read(R"({"ImageConfig": {"Command": ["mine"]},
    "ImageConfigResponse": {"ImageConfig": {"Command": ["aws"], "EntryPoint": ["/e"]}}})");
  EXPECT_EQ(file.config.command, Words{"mine"});
  EXPECT_EQ(file.config.entry_point, Words{"/e"});
}

TEST(FunctionFile, TakesTheSmallestAndLargestSizesOfLambda) {
  EXPECT_EQ(read(R"({"MemorySize":128})").config.memory_mb, 128);
  EXPECT_EQ(read(R"({"MemorySize":10240})").config.memory_mb, 10240);
  EXPECT_EQ(read(R"({"Timeout":1})").config.timeout_s, 1);
  EXPECT_EQ(read(R"({"Timeout":900})").config.timeout_s, 900);
  EXPECT_EQ(read(R"({"EphemeralStorage":{"Size":10240}})").config.tmp_mb, 10240);
}

TEST(FunctionFile, TakesReservedConcurrencyInBothPlacesThatAwsHas) {
  EXPECT_EQ(read(R"({"ReservedConcurrentExecutions":0})").config.reserved_concurrency, 0);
  EXPECT_EQ(
      read(R"({"Concurrency":{"ReservedConcurrentExecutions":5}})").config.reserved_concurrency, 5);
}

TEST(FunctionFile, TreatsNullLikeAMissingKey) {
  const auto file =
      read(R"({"MemorySize":null,"Environment":null,"ImageConfig":null,"Coldframe":null,
                             "Handler":null,"LoggingConfig":{"LogFormat":null}})");
  EXPECT_EQ(file.config.memory_mb, 128);
  EXPECT_FALSE(file.sized);
}

TEST(FunctionFile, TakesSeveralGoldens) {
  EXPECT_EQ(read(R"({"Coldframe":{"Golden":["a.jsonl","/abs/b.jsonl"]}})").goldens,
            (std::vector<std::filesystem::path>{"/srv/scoring/a.jsonl", "/abs/b.jsonl"}));
}

TEST(FunctionFile, NamesADirectoryOfExtensions) {
  EXPECT_EQ(read("{}").config.extensions, "");
  EXPECT_EQ(read(R"({"Coldframe":{"Extensions":"/usr/../usr/bin/"}})").config.extensions,
            "/usr/bin");
}

TEST(FunctionFile, ResolvesTheWorkingDirectoryAgainstItsOwn) {
  auto directory = [](const std::string& text) {
    return read(R"({"ImageConfig":{"WorkingDirectory":")" + text + "\"}}")
        .config.working_directory.string();
  };
  EXPECT_EQ(directory("src"), "/srv/scoring/src");
  EXPECT_EQ(directory("/var/task"), "/var/task");
  EXPECT_EQ(directory("../other"), "/srv/other");
  // As PWD on Lambda: without a slash at the end.
  EXPECT_EQ(directory("."), "/srv/scoring");
  EXPECT_EQ(directory("src/"), "/srv/scoring/src");
}

TEST(FunctionFile, IsNamedAfterItsDirectoryHoweverThatIsWritten) {
  testing::TempDir dir;
  std::filesystem::create_directories(dir.path() + "/churn-v2/sub");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path() + "/churn-v2");
  for (const char* path :
       {"function.json", "./function.json", "../churn-v2/function.json", "sub/../function.json"}) {
    auto file = parse_function_file("{}", path);
    EXPECT_TRUE(file) << path << ": " << (file ? "" : file.error().message);
    if (!file) continue;
    EXPECT_EQ(file->config.name, "churn-v2") << path;
    EXPECT_EQ(file->config.task_root.string(), dir.path() + "/churn-v2") << path;
  }
  std::filesystem::current_path(before);
}

TEST(FunctionFile, StartsAManagedRuntimeByItsClient) {
  const auto python = read(R"({"Runtime":"python3.12","Handler":"app.handler"})");
  EXPECT_EQ(python.config.entry_point, (Words{"python3", "-m", "awslambdaric"}));
  EXPECT_EQ(python.config.command, Words{"app.handler"});
  EXPECT_EQ(python.config.handler, "app.handler");
  const auto node = read(R"({"Runtime":"nodejs22.x","Handler":"index.handler"})");
  EXPECT_EQ(node.config.entry_point, Words{"/srv/scoring/node_modules/.bin/aws-lambda-ric"});
  const auto own = read(R"({"Runtime":"provided.al2023","Handler":"x"})");
  EXPECT_TRUE(own.config.entry_point.empty());
  EXPECT_TRUE(own.config.command.empty());
  const auto explicit_one =
      read(R"({"Runtime":"java21","Handler":"a.B","ImageConfig":{"EntryPoint":["/j"]}})");
  EXPECT_EQ(explicit_one.config.entry_point, Words{"/j"});
}

TEST(FunctionFile, PrefersTheFunctionsOwnPythonEnvironment) {
  testing::TempDir dir;
  std::filesystem::create_directories(dir.path() + "/.venv/bin");
  dir.write(".venv/bin/python", "", 0755);
  const auto file = read(R"({"FunctionName":"f","Runtime":"python3.11","Handler":"app.handler"})",
                         dir.path() + "/function.json");
  EXPECT_EQ(file.config.entry_point.front(), dir.path() + "/.venv/bin/python");
}

TEST(FunctionFile, WarnsWhenTheVirtualEnvironmentHasAnotherPythonThanTheRuntime) {
  testing::TempDir dir;
  std::filesystem::create_directories(dir.path() + "/.venv/bin");
  dir.write(".venv/bin/python", "", 0755);
  const auto warnings = [&](const std::string& runtime, const std::string& pyvenv) {
    dir.write(".venv/pyvenv.cfg", pyvenv);
    return read(R"({"FunctionName":"f","Handler":"app.handler","Runtime":")" + runtime + "\"}",
                dir.path() + "/function.json")
        .warnings;
  };
  EXPECT_EQ(warnings("python3.12", "home = /usr/bin\nversion = 3.11.2\n"),
            Words{"Runtime is python3.12, and '" + dir.path() +
                  "/.venv/bin/python' is Python 3.11.2: what runs here is not what will run on "
                  "Lambda"});
  EXPECT_EQ(warnings("python3.1", "version_info=3.11.2.final.0\r\n").size(), 1u);
  EXPECT_EQ(warnings("python3.11", "version_info=3.11.2.final.0\r\n"), Words{});
  EXPECT_EQ(warnings("python3.11", "version = 3.11\n"), Words{});
  EXPECT_EQ(warnings("python3.12", "home = /usr/bin\n"), Words{}) << "not known, nothing said";
  // What is found in the PATH is in no virtual environment that we know of.
  std::filesystem::remove(dir.path() + "/.venv/pyvenv.cfg");
  std::filesystem::remove(dir.path() + "/.venv/bin/python");
  std::filesystem::create_directory(dir.path() + "/inner");
  dir.write("pyvenv.cfg", "version = 3.10.1\n");
  EXPECT_EQ(read(R"({"FunctionName":"f","Handler":"h.h","Runtime":"python3.12"})",
                 dir.path() + "/inner/function.json")
                .warnings,
            Words{});
  EXPECT_EQ(read(R"({"FunctionName":"f","Handler":"h.h","Runtime":"python3.12"})",
                 dir.path() + "/function.json")
                .warnings,
            Words{});
}

TEST(FunctionFile, TakesDuplicateKeysAsMostReadersDo) {
  EXPECT_EQ(read(R"({"Timeout":5,"Timeout":7})").config.timeout_s, 7);
}

TEST(FunctionFile, MayBeginWithAByteOrderMark) {
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 R"({"Timeout":5})")
                .config.timeout_s,
            5);
}

TEST(FunctionFile, ThatNamesNothingToStartIsACustomRuntimeUnlessItIsAnImages) {
  EXPECT_EQ(parse_function_file("{}", "/d/function.json").value().config.runtime, "provided");
  for (const char* text : {R"({"PackageType":"Image"})", R"({"Runtime":"provided.al2023"})",
                           R"({"ImageConfig":{"Command":["app.handler"]}})",
                           R"({"ImageConfig":{"WorkingDirectory":"/var/task"}})"}) {
    EXPECT_NE(parse_function_file(text, "/d/function.json").value().config.runtime, "provided")
        << text;
  }
}

}  // namespace
}  // namespace coldframe
