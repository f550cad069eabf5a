// TARGET: every form a user may type, what it becomes, and with which exit code it is refused.
#include "emulator/config/target.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

class Target : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_TIMEOUT",
                             "AWS_LAMBDA_FUNCTION_NAME"}) {
      ::unsetenv(name);
    }
    before_ = std::filesystem::current_path();
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    SetUp();
  }

  Result<FunctionFile> resolve(const std::string& target) {
    return resolve_target(target, bootstrap, overrides);
  }
  FunctionFile accepted(const std::string& target) {
    auto file = resolve(target);
    EXPECT_TRUE(file) << (file ? "" : file.error().message);
    return file ? std::move(*file) : FunctionFile();
  }
  std::string refused(const std::string& target, ExitCode code) {
    auto file = resolve(target);
    EXPECT_FALSE(file);
    if (file) return "";
    EXPECT_EQ(file.error().code, code) << file.error().message;
    return file.error().message;
  }
  // A directory with a function that could be started.
  std::string function(const std::string& json = R"({"FunctionName":"f"})") {
    dir.write("bootstrap", "#!/bin/sh\n", 0755);
    dir.write("function.json", json);
    return dir.path();
  }

  testing::TempDir dir;
  std::vector<std::string> bootstrap;
  Overrides overrides;

 private:
  std::filesystem::path before_;
};

TEST_F(Target, IsADirectoryOrItsFunctionFile) {
  const auto place = function();
  EXPECT_EQ(accepted(place).config.name, "f");
  EXPECT_EQ(accepted(place + "/").config.name, "f");
  EXPECT_EQ(accepted(place + "/function.json").config.name, "f");
}

TEST_F(Target, ThatCannotBeSeenIsNotSaidToBeMissing) {
  std::filesystem::create_directory(dir.path() + "/linked");
  std::filesystem::create_symlink("nowhere", dir.path() + "/linked/function.json");
  std::filesystem::create_symlink("loop", dir.path() + "/loop");
  const std::string leads_nowhere = "' is a link that leads nowhere";
  EXPECT_EQ(refused(dir.path() + "/linked", ExitCode::usage),
            "'" + dir.path() + "/linked/function.json" + leads_nowhere);
  EXPECT_EQ(refused(dir.path() + "/loop", ExitCode::usage),
            "'" + dir.path() + "/loop" + leads_nowhere);
}

TEST_F(Target, ThatIsAZipArchiveIsToBeUnpacked) {
  dir.write("f.zip", "PK\x03\x04 and so on");
  EXPECT_EQ(refused(dir.path() + "/f.zip", ExitCode::usage),
            "'" + dir.path() +
                "/f.zip' is a zip archive; unzip it, and name the directory with a "
                "function.json in it");
}

TEST_F(Target, MayBeTheCurrentDirectory) {
  std::filesystem::create_directory(dir.path() + "/churn");
  std::filesystem::current_path(dir.path() + "/churn");
  dir.write("churn/bootstrap", "#!/bin/sh\n", 0755);
  dir.write("churn/function.json", "{}");
  for (const char* target : {".", "./", "../churn", "../churn/.", "function.json"}) {
    EXPECT_EQ(accepted(target).config.name, "churn") << target;
  }
}

TEST_F(Target, MayBeADirectoryWithOnlyABootstrap) {
  std::filesystem::create_directory(dir.path() + "/mine");
  dir.write("mine/bootstrap", "#!/bin/sh\n", 0755);
  const auto file = accepted(dir.path() + "/mine");
  EXPECT_EQ(file.config.name, "mine");
  EXPECT_EQ(file.config.runtime, "provided");
  EXPECT_EQ(file.config.task_root, std::filesystem::canonical(dir.path() + "/mine"));
  std::filesystem::create_directory(dir.path() + "/not a name");
  dir.write("not a name/bootstrap", "#!/bin/sh\n", 0755);
  EXPECT_EQ(accepted(dir.path() + "/not a name").config.name, "function");
}

TEST_F(Target, MayHaveADirectoryWhoseNameIsNoFunctionName) {
  std::filesystem::create_directory(dir.path() + "/scoring v2");
  dir.write("scoring v2/bootstrap", "#!/bin/sh\n", 0755);
  dir.write("scoring v2/function.json", "{}");
  overrides.name = "scoring";
  EXPECT_EQ(accepted(dir.path() + "/scoring v2").config.name, "scoring");
}

TEST_F(Target, MayBeACommandInTheCurrentDirectory) {
  std::filesystem::current_path(dir.path());
  bootstrap = {"/bin/sh", "-c", "app.handler"};
  const auto file = accepted("");
  EXPECT_EQ(file.config.name, "function");
  EXPECT_EQ(file.config.entry_point, bootstrap);
  EXPECT_EQ(file.config.handler, "app.handler");
  EXPECT_EQ(file.config.working_directory, std::filesystem::canonical(dir.path()));
  EXPECT_EQ(refused("x", ExitCode::usage), "'x' and a command after -- are two targets; give one");
  bootstrap = {"no-such-command-anywhere"};
  EXPECT_EQ(refused("", ExitCode::usage),
            "entry point 'no-such-command-anywhere' was not found in PATH");
}

TEST_F(Target, ThatIsMissingIsNamed) {
  EXPECT_EQ(refused("", ExitCode::usage), "no TARGET; name a directory with a function.json");
  EXPECT_EQ(refused("/no/such", ExitCode::usage),
            "'/no/such' does not exist; a TARGET is a directory with a function.json");
  EXPECT_EQ(
      refused(dir.path(), ExitCode::usage),
      "'" + dir.path() + "' is not a function: it has neither a function.json nor a bootstrap");
}

TEST_F(Target, WithAQualifierIsToldWhereThatBelongs) {
  const std::string path = dir.write("function.json", "{}");
  for (const std::string& function : {dir.path(), path}) {
    EXPECT_EQ(refused(function + ":PROD", ExitCode::usage),
              "'" + function + ":PROD': a TARGET has no version or alias; name '" + function +
                  "' alone, and give 'PROD' with an invoke of 'coldframe serve', as on Lambda: aws "
                  "lambda invoke --qualifier, or Qualifier in an SDK");
  }
}

TEST_F(Target, ThatComesInALaterVersionIsRefusedWith77) {
  refused(dir.write("template.yaml", "Resources: {}"), ExitCode::not_supported);
  EXPECT_EQ(refused(dir.path(), ExitCode::not_supported),
            "'" + dir.path() +
                "' has a template.yaml, and these come in a later version; write a function.json "
                "beside it");
}

// Where no program is that could have it.
TEST_F(Target, MayBeTheNameOfAnImage) {
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", dir.path().c_str(), 1);
  overrides.image.store = dir.path() + "/store";
  for (const char* target : {"docker:scoring", "podman:x", "registry:r/x:1"}) {
    const std::string text = refused(target, ExitCode::not_supported);
    EXPECT_TRUE(text.starts_with("'" + std::string(target) + "' needs ") &&
                text.ends_with(", which is not installed here"))
        << text;
  }
  for (const char* target :
       {"image:foo", "scoring:latest", "repo/scoring:1.2-Rc_1", "host.example:5000/team/scoring:v1",
        "scoring@sha256:0123456789abcdef", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/s:1"}) {
    EXPECT_EQ(refused(target, ExitCode::not_supported),
              "'" + std::string(target) +
                  "' is no path; neither docker nor podman has an image of that name here, and "
                  "skopeo, to fetch it from a registry, is not installed");
  }
  ::setenv("PATH", before.c_str(), 1);
}

TEST_F(Target, ThatLooksLikeAnImageIsReadAsOne) {
  overrides.image.store = dir.path() + "/store";
  std::filesystem::create_directory(dir.path() + "/layout");
  dir.write("layout/oci-layout", "{}");
  const std::string none =
      "is no image: it has neither the index.json of an OCI layout nor the "
      "manifest.json of docker save";
  EXPECT_TRUE(refused(dir.path() + "/layout", ExitCode::usage).ends_with(none));
  EXPECT_TRUE(refused(dir.write("a.tar.gz", "\x1f\x8b\x08"), ExitCode::usage)
                  .ends_with("is damaged: its gzip data end too early"));
  refused(dir.write("a.zst", "\x28\xb5\x2f\xfd"), ExitCode::usage);
  refused(dir.write("a.tar", std::string(257, 'n') + "ustar  "), ExitCode::usage);
  for (const char* name : {"old.tar", "odd.tar.gz", "odd.tgz", "odd.tar.zst"})
    refused(dir.write(name, "of no known kind"), ExitCode::usage);
}

TEST_F(Target, ThatIsOnlyAWrongNameIsRefusedWith2) {
  for (const char* target : {"scoring", "image.tar", "./image:foo", "/image:foo", "../x:1",
                             "Image:foo", "image:", ":foo", "image:a b", "image:a/b",
                             "http://host/x:1", "s3://bucket/x:1", "a@sha1:00", "x y:1"}) {
    EXPECT_EQ(refused(target, ExitCode::usage),
              "'" + std::string(target) +
                  "' does not exist; a TARGET is a directory with a function.json");
  }
}

TEST_F(Target, MayNotBeAFunctionOfATemplateYet) {
  const std::string place = dir.write("template.yaml", "Resources: {}");
  EXPECT_EQ(
      refused(place + ":MyFn", ExitCode::not_supported),
      "'" + place + ":MyFn' is a template; these come in a later version; write a function.json");
  EXPECT_EQ(refused(dir.path() + "/none.yml:MyFn", ExitCode::usage),
            "'" + dir.path() + "/none.yml' does not exist");
}

TEST_F(Target, WarnsOfAReservedVariableOnceOnly) {
  const auto place =
      function(R"({"FunctionName":"f","Environment":{"Variables":{"AWS_REGION":"x"}}})");
  EXPECT_EQ(accepted(place).warnings.size(), 1u);
  overrides.variables = {"AWS_REGION=y", "AWS_LAMBDA_FUNCTION_NAME=z"};
  EXPECT_EQ(accepted(place).warnings.size(), 2u);
}

TEST_F(Target, MustBeStartable) {
  dir.write("function.json", R"({"FunctionName":"f","ImageConfig":{"EntryPoint":["/none"]}})");
  EXPECT_EQ(refused(dir.path(), ExitCode::usage), "entry point '/none' does not exist");
  dir.write("function.json", R"({"FunctionName":"f","ImageConfig":{"WorkingDirectory":"none"}})");
  EXPECT_EQ(refused(dir.path(), ExitCode::usage),
            "working directory '" + dir.path() + "/none' does not exist");
}

// As `aws lambda get-function-configuration` prints a function of an image.
TEST_F(Target, OfAnImageSaysWhatTheFileCannotKnow) {
  const auto refusal = [&](const std::string& keys) {
    dir.write("function.json", R"({"FunctionName":"f","PackageType":"Image")" + keys + "}");
    const auto text = refused(dir.path(), ExitCode::usage);
    const std::string start = dir.path() + "/function.json describes a container image: ";
    EXPECT_TRUE(text.starts_with(start)) << text;
    return text.substr(std::min(start.size(), text.size()));
  };
  const std::string no_entry =
      "its ENTRYPOINT is not in the file; add what to use here, e.g. \"ImageConfig\": "
      "{\"EntryPoint\": [\"python3\", \"-m\", \"awslambdaric\"]}";
  EXPECT_EQ(refusal(""), no_entry);
  EXPECT_EQ(refusal(R"(,"ImageConfigResponse":{"ImageConfig":{"Command":["app.handler"]}})"),
            no_entry);
  EXPECT_EQ(refusal(R"(,"ImageConfigResponse":{"ImageConfig":{"Command":["app.handler"],)"
                    R"("WorkingDirectory":"/var/no-task"}})"),
            "its ENTRYPOINT is not in the file and its working directory '/var/no-task' does not "
            "exist on this host; add what to use here, e.g. \"ImageConfig\": {\"EntryPoint\": "
            "[\"python3\", \"-m\", \"awslambdaric\"], \"WorkingDirectory\": \".\"}");
  EXPECT_EQ(refusal(R"(,"ImageConfigResponse":{"ImageConfig":{"EntryPoint":["/lambda-no.sh"]}})"),
            "its entry point '/lambda-no.sh' does not exist on this host; add what to use here, "
            "e.g. \"ImageConfig\": {\"EntryPoint\": [\"python3\", \"-m\", \"awslambdaric\"]}");
  EXPECT_EQ(refusal(R"(,"ImageConfigResponse":{"ImageConfig":{"EntryPoint":["/bin/sh"],)"
                    R"("WorkingDirectory":"/var/no-task"}})"),
            "its working directory '/var/no-task' does not exist on this host; add what to use "
            "here, e.g. \"ImageConfig\": {\"WorkingDirectory\": \".\"}");
  dir.write("function.json",
            R"({"PackageType":"Image","FunctionName":"f","ImageConfig":{"EntryPoint":["/bin/sh"]},)"
            R"("ImageConfigResponse":{"ImageConfig":{"Command":["app.handler"]}}})");
  const auto file = accepted(dir.path());
  EXPECT_EQ(file.config.entry_point, std::vector<std::string>{"/bin/sh"});
  EXPECT_EQ(file.config.command, std::vector<std::string>{"app.handler"});
}

TEST_F(Target, WithOnlyACommandNeedsTheImagesEntryPointUnlessThatIsAProgram) {
  dir.write("function.json", R"({"ImageConfig":{"Command":["app.handler"]}})");
  EXPECT_NE(refused(dir.path(), ExitCode::usage).find("ENTRYPOINT is not in the file"),
            std::string::npos);
  dir.write("function.json", R"({"ImageConfig":{"Command":["/bin/sh","run"]}})");
  EXPECT_EQ(accepted(dir.path()).config.command.size(), 2u);
}

TEST_F(Target, OfNodeWithoutARuntimeClientSaysWhatToInstall) {
  dir.write("function.json", R"({"Runtime":"nodejs22.x","Handler":"app.handler"})");
  EXPECT_EQ(refused(dir.path(), ExitCode::usage),
            "entry point '" + dir.path() +
                "/node_modules/.bin/aws-lambda-ric' does not exist; "
                "install the runtime client: npm install aws-lambda-ric");
}

TEST_F(Target, ForAnotherProcessorIsRefusedWith77) {
#if defined(__x86_64__)
  refused(function(R"({"FunctionName":"f","Architectures":["arm64"]})"), ExitCode::not_supported);
#else
  refused(function(R"({"FunctionName":"f","Architectures":["x86_64"]})"), ExitCode::not_supported);
#endif
}

TEST_F(Target, TakesFlagsOverTheEnvironmentOverTheFile) {
  const auto place = function(R"({"FunctionName":"file","MemorySize":200,"Timeout":20})");
  EXPECT_EQ(accepted(place).config.memory_mb, 200);
  ::setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "300", 1);
  ::setenv("AWS_LAMBDA_FUNCTION_TIMEOUT", "30", 1);
  ::setenv("AWS_LAMBDA_FUNCTION_NAME", "environment", 1);
  auto file = accepted(place);
  EXPECT_EQ(file.config.memory_mb, 300);
  EXPECT_EQ(file.config.timeout_s, 30);
  EXPECT_EQ(file.config.name, "environment");
  overrides.memory_mb = 400;
  overrides.timeout_s = 40;
  overrides.name = "flag";
  file = accepted(place);
  EXPECT_EQ(file.config.memory_mb, 400);
  EXPECT_EQ(file.config.timeout_s, 40);
  EXPECT_EQ(file.config.name, "flag");
}

TEST_F(Target, ChecksFlagsAndEnvironmentLikeTheFile) {
  const auto place = function();
  ::setenv("AWS_LAMBDA_FUNCTION_TIMEOUT", "3.5", 1);
  EXPECT_EQ(refused(place, ExitCode::usage),
            "AWS_LAMBDA_FUNCTION_TIMEOUT: '3.5' is not a whole number");
  ::unsetenv("AWS_LAMBDA_FUNCTION_TIMEOUT");
  overrides.memory_mb = 64;
  EXPECT_EQ(refused(place, ExitCode::usage),
            "--memory 64 is out of range; Lambda allows 128 to 10240 MB");
  overrides = {};
  overrides.account = "42";
  EXPECT_EQ(refused(place, ExitCode::usage),
            "--account '42' is not an account; it has twelve digits");
  overrides = {};
  overrides.name = "a b";
  EXPECT_EQ(refused(place, ExitCode::usage),
            "--name 'a b' is not a function name; use 1 to 64 letters, digits, '-' and '_'");
}

TEST_F(Target, TakesVariablesFromFlagsOverTheFileOfVariables) {
  const auto place = function(R"({"FunctionName":"f","Environment":{"Variables":{"AB":"1"}}})");
  overrides.variables_file = dir.write("env.json", R"({"f":{"AB":"2","CD":"2"}})");
  overrides.variables = {"CD=3", "EQ=a=b", "EMPTY="};
  EXPECT_EQ(
      accepted(place).config.variables,
      (std::map<std::string, std::string>{{"AB", "2"}, {"CD", "3"}, {"EQ", "a=b"}, {"EMPTY", ""}}));
  ::setenv("COLDFRAME_TEST_PASSED", "through", 1);
  overrides.variables = {"COLDFRAME_TEST_PASSED"};
  EXPECT_EQ(accepted(place).config.variables.at("COLDFRAME_TEST_PASSED"), "through");
  ::unsetenv("COLDFRAME_TEST_PASSED");
  EXPECT_EQ(refused(place, ExitCode::usage),
            "--env 'COLDFRAME_TEST_PASSED' has no value and is not set here; write "
            "COLDFRAME_TEST_PASSED=VALUE");
  overrides.variables = {"=x"};
  EXPECT_EQ(refused(place, ExitCode::usage), "--env '=x': write KEY=VALUE");
}

}  // namespace
}  // namespace coldframe
