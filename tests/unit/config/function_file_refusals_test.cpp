// function.json, as far as it is wrong: one sentence that names the file and the key, exit code 2.
#include <gtest/gtest.h>

#include "emulator/config/function_file.hpp"
#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

std::string refusal_of(const std::string& text) {
  auto file = parse_function_file(text, "/srv/f/function.json");
  if (file) {
    ADD_FAILURE() << text << " was accepted";
    return "";
  }
  EXPECT_EQ(file.error().code, ExitCode::usage) << text;
  return file.error().message;
}

// What stands behind "/srv/f/function.json: ".
std::string complaint_about(const std::string& text) {
  const std::string prefix = "/srv/f/function.json: ";
  const std::string message = refusal_of(text);
  EXPECT_TRUE(message.starts_with(prefix)) << message;
  return message.substr(std::min(prefix.size(), message.size()));
}

struct Row {
  const char* text;
  const char* complaint;
};

TEST(FunctionFileRefusal, NamesTheKeyOfAWrongType) {
  const Row table[] = {
      {R"({"FunctionName":1})", "FunctionName must be a text in quotes"},
      {R"({"MemorySize":"512"})", "MemorySize must be a whole number, not \"512\""},
      {R"({"MemorySize":256.9})", "MemorySize must be a whole number, not 256.9"},
      {R"({"MemorySize":true})", "MemorySize must be a whole number, not true"},
      {R"({"Timeout":99999999999999999999})", "Timeout must be a whole number, not 1e+20"},
      {R"({"Timeout":18446744073709551615})",
       "Timeout must be a whole number, not 18446744073709551615"},
      {R"({"Environment":[]})", "Environment must be an object"},
      {R"({"Environment":{"Variables":"A=1"}})", "Environment.Variables must be an object"},
      {R"({"Environment":{"Variables":{"AB":1}}})",
       "Environment.Variables.AB must be a text in quotes"},
      {R"({"ImageConfig":{"EntryPoint":"python3"}})",
       "ImageConfig.EntryPoint must be a list of texts"},
      {R"({"ImageConfig":{"Command":["a",1]}})", "ImageConfig.Command must be a list of texts"},
      {R"({"ImageConfig":{"WorkingDirectory":[]}})",
       "ImageConfig.WorkingDirectory must be a text in quotes"},
      {R"({"EphemeralStorage":512})", "EphemeralStorage must be an object"},
      {R"({"Architectures":"x86_64"})", "Architectures must be a list of texts"},
      {R"({"LoggingConfig":"JSON"})", "LoggingConfig must be an object"},
      {R"({"Coldframe":[]})", "Coldframe must be an object"},
      {R"({"Coldframe":{"Event":{}}})", "Coldframe.Event must be a text in quotes"},
      {R"({"Coldframe":{"Extensions":[]}})", "Coldframe.Extensions must be a text in quotes"},
      {R"({"Coldframe":{"Extensions":"no/such"}})",
       "Coldframe.Extensions: '/srv/f/no/such' is not a directory"},
      {R"({"Coldframe":{"Image":"a.tar","Extensions":"/usr"}})",
       "Coldframe.Extensions: an image has its own, in its /opt/extensions"},
      {R"({"Coldframe":{"Golden":1}})", "Coldframe.Golden must be a list of texts"},
      {R"({"Coldframe":{"Budgets":"x < 1"}})", "Coldframe.Budgets must be a list of texts"},
      {R"({"ImageConfigResponse":[]})", "ImageConfigResponse must be an object"}};
  for (const Row& row : table)
    EXPECT_EQ(complaint_about(row.text), row.complaint) << row.text;
}

TEST(FunctionFileRefusal, NamesTheRangeThatLambdaAllows) {
  const Row table[] = {
      {R"({"MemorySize":127})", "MemorySize 127 is out of range; Lambda allows 128 to 10240 MB"},
      {R"({"MemorySize":10241})",
       "MemorySize 10241 is out of range; Lambda allows 128 to 10240 MB"},
      {R"({"MemorySize":-1})", "MemorySize -1 is out of range; Lambda allows 128 to 10240 MB"},
      {R"({"MemorySize":4294967424})",
       "MemorySize 4294967424 is out of range; Lambda allows 128 to 10240 MB"},
      {R"({"Timeout":0})", "Timeout 0 is out of range; Lambda allows 1 to 900 seconds"},
      {R"({"Timeout":901})", "Timeout 901 is out of range; Lambda allows 1 to 900 seconds"},
      {R"({"EphemeralStorage":{"Size":511}})",
       "EphemeralStorage.Size 511 is out of range; Lambda allows 512 to 10240 MB"},
      {R"({"ReservedConcurrentExecutions":-1})",
       "ReservedConcurrentExecutions must not be below 0"},
      {R"({"LoggingConfig":{"LogFormat":"json"}})",
       "LoggingConfig.LogFormat 'json' is neither Text nor JSON"},
      {R"({"LoggingConfig":{"SystemLogLevel":"LOUD"}})",
       "LoggingConfig.SystemLogLevel 'LOUD' is not one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL"},
      {R"({"Architectures":["x86"]})", R"(Architectures must be ["x86_64"] or ["arm64"])"},
      {R"({"Architectures":["x86_64","arm64"]})",
       R"(Architectures must be ["x86_64"] or ["arm64"])"},
      {R"({"Architectures":[]})", R"(Architectures must be ["x86_64"] or ["arm64"])"}};
  for (const Row& row : table)
    EXPECT_EQ(complaint_about(row.text), row.complaint) << row.text;
}

TEST(FunctionFileRefusal, NamesTheKeyThatWasMeant) {
  const Row table[] = {
      {R"({"Coldframe":{"Evnt":"x"}})", "Coldframe.Evnt is not a known key; did you mean 'Event'?"},
      {R"({"Coldframe":{"Goldens":"x"}})",
       "Coldframe.Goldens is not a known key; did you mean 'Golden'?"},
      {R"({"Coldframe":{"Speed":1}})", "Coldframe.Speed is not a known key"},
      {R"({"MemorySze":128})", "MemorySze is not a known key; did you mean 'MemorySize'?"},
      {R"({"TimeOut":3})", "TimeOut is not a known key; did you mean 'Timeout'?"},
      {R"({"coldframe":{}})", "coldframe is not a known key; did you mean 'Coldframe'?"},
      {R"({"ImageConfig":{"Entrypoint":[]}})",
       "ImageConfig.Entrypoint is not a known key; did you mean 'EntryPoint'?"},
      {R"({"EphemeralStorage":{"size":512}})",
       "EphemeralStorage.size is not a known key; did you mean 'Size'?"},
      {R"({"Environment":{"AB":"x"}})",
       "Environment.AB is not a known key; a variable stands in Environment.Variables"},
      {R"({"Environment":{"variables":{"AB":"x"}}})",
       "Environment.variables is not a known key; did you mean 'Variables'?"},
      {R"({"LoggingConfig":{"LogFormt":"JSON"}})",
       "LoggingConfig.LogFormt is not a known key; did you mean 'LogFormat'?"}};
  for (const Row& row : table)
    EXPECT_EQ(complaint_about(row.text), row.complaint) << row.text;
}

TEST(FunctionFileRefusal, NamesLineAndColumnOfWhatIsNotJson) {
  EXPECT_TRUE(
      refusal_of("{\n  \"Timeout\": 3,\n}").starts_with("/srv/f/function.json:3:1: not JSON: "));
  EXPECT_TRUE(refusal_of("").starts_with("/srv/f/function.json:1:1: not JSON: "));
  EXPECT_TRUE(refusal_of("{'a':1}").starts_with("/srv/f/function.json:1:2: not JSON: "));
  EXPECT_TRUE(refusal_of("{\"a\":\"\xff\"}").starts_with("/srv/f/function.json:1:"));
  EXPECT_EQ(refusal_of("{\"a\":1e999}").find('\n'), std::string::npos);
}

TEST(FunctionFileRefusal, WantsAnObject) {
  for (const char* text : {"[]", "1", "null", "\"x\"", "[{}]"}) {
    EXPECT_EQ(complaint_about(text), "must hold a JSON object");
  }
}

TEST(FunctionFileRefusal, FindsNulBytes) {
  EXPECT_EQ(complaint_about(R"({"Handler":"a\u0000b"})"), "Handler contains a NUL byte");
  EXPECT_EQ(complaint_about(R"({"ImageConfig":{"Command":["a\u0000"]}})"),
            "ImageConfig.Command contains a NUL byte");
  EXPECT_EQ(complaint_about(R"({"Environment":{"Variables":{"AB":"a\u0000b"}}})"),
            "Environment.Variables: the value of 'AB' contains a NUL byte");
}

TEST(FunctionFileRefusal, KnowsFunctionNames) {
  const std::string rule = " is not a function name; use 1 to 64 letters, digits, '-' and '_'";
  EXPECT_EQ(complaint_about(R"({"FunctionName":""})"), "FunctionName ''" + rule);
  EXPECT_EQ(complaint_about(R"({"FunctionName":"a b"})"), "FunctionName 'a b'" + rule);
  EXPECT_EQ(complaint_about(R"({"FunctionName":"a.b"})"), "FunctionName 'a.b'" + rule);
  const std::string longer(65, 'a');
  EXPECT_EQ(complaint_about(R"({"FunctionName":")" + longer + "\"}"),
            "FunctionName '" + longer + "'" + rule);
}

TEST(FunctionFileRefusal, KnowsVersions) {
  const std::string rule = " is not a version; write $LATEST or a number";
  EXPECT_EQ(complaint_about(R"({"Version":""})"), "Version ''" + rule);
  EXPECT_EQ(complaint_about(R"({"Version":"a b"})"), "Version 'a b'" + rule);
  EXPECT_EQ(complaint_about(R"({"Version":"1.0"})"), "Version '1.0'" + rule);
  EXPECT_EQ(complaint_about(R"({"Version":"blue"})"), "Version 'blue'" + rule);
  const std::string longest(19, '9');
  EXPECT_EQ(complaint_about(R"({"Version":")" + longest + "9\"}"),
            "Version '" + longest + "9'" + rule);
  EXPECT_NE(complaint_about(R"({"Version":"a\nEND"})").find(rule), std::string::npos);
  for (const std::string& version :
       std::vector<std::string>{"$LATEST", "$LATEST.PUBLISHED", "17", longest}) {
    const auto file = parse_function_file(R"({"Version":")" + version + "\"}", "f.json");
    ASSERT_TRUE(file) << version;
    EXPECT_EQ(file->config.version, version);
  }
}

TEST(FunctionFileRefusal, NamesTheRuntimeItHasNoClientFor) {
  EXPECT_EQ(refusal_of(R"({"Runtime":"java21","Handler":"a.B"})"),
            "/srv/f/function.json: no runtime client is known for java21; name it in "
            "ImageConfig.EntryPoint");
}

TEST(FunctionFileRefusal, NamesAnImageThatIsNone) {
  const auto image = parse_function_file(R"({"Coldframe":{"Image":"a.tar"}})", "f.json");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ExitCode::usage);
  EXPECT_EQ(
      image.error().message,
      "f.json: Coldframe.Image: 'a.tar' is no image: name an OCI layout, an OCI archive or what "
      "docker save wrote");
}

// A person's mistake, or a fuzzer's: a value of absurd depth must not end the program.
TEST(FunctionFileRefusal, SurvivesAbsurdNesting) {
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (const char* key : {"MemorySize", "Unknown", "FunctionName"}) {
      (void)parse_function_file("{\"" + std::string(key) + "\":" + deep + "}", "f.json");
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

TEST(FunctionFileRefusal, TellsHalfOfASurrogatePairFromANumberOutOfRange) {
  EXPECT_EQ(
      refusal_of("{\n\"Description\":\"\\ud800\"}"),
      "/srv/f/function.json:2: holds half of a surrogate pair (an escape like \\ud800), which "
      "is no text");
  EXPECT_EQ(complaint_about(R"({"Timeout":1e999})"), "holds a number out of range");
}

TEST(FunctionFileRefusal, StopsReadingWhatHasNoEnd) {
  const auto endless = load_function_file("/dev/zero");
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().message,
            "function file '/dev/zero' has more than 4194304 bytes; at most 4194304 are allowed");
  testing::TempDir dir;
  const std::string path = dir.write("big.json", std::string(5'000'000, ' '));
  EXPECT_EQ(load_function_file(path).error().message,
            "function file '" + path + "' has 5000000 bytes; at most 4194304 are allowed");
}

TEST(FunctionFileRefusal, NamesAFileThatCannotBeRead) {
  testing::TempDir dir;
  auto missing = load_function_file(dir.path() + "/none.json");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ExitCode::usage);
  EXPECT_EQ(missing.error().message,
            "cannot read function file '" + dir.path() + "/none.json': No such file or directory");
  auto directory = load_function_file(dir.path());
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().message,
            "cannot read function file '" + dir.path() + "': Is a directory");
}

}  // namespace
}  // namespace coldframe
