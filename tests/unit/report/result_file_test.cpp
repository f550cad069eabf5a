#include "emulator/report/result_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "emulator/bench/cold_bench.hpp"
#include "emulator/bench/warm_bench.hpp"
#include "emulator/report/bench_json.hpp"
#include "emulator/report/invoke_json.hpp"
#include "emulator/report/validate_json.hpp"
#include "tests/unit/validate/fake_function.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;
using testing::answer;
using testing::broken;
using testing::FakeCall;
using testing::FakeFunction;

std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream) << path;
  return {std::istreambuf_iterator<char>(stream), {}};
}

ResultHead sample_head() {
  ResultHead head;
  head.tool_version = "0.1.0";
  head.command = "validate";
  head.started = WallTime(std::chrono::milliseconds(1'790'000'000'123));
  head.seed = 7;
  head.host.cpu_model = "A \xFF CPU";
  head.host.cores = 2;
  head.host.kernel = "6.1";
  head.host.memory_bytes = 1 << 30;
  head.host.load_1m = 0.5;
  head.host.steal_percent = 0.1;
  head.function = {"scoring", 1769, 1.0, 30, "sha256:00", "none", "none", {{"limits", "auto"}}};
  head.reasons = {"because"};
  return head;
}

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

TEST(HostFacts, AreReadFromTheMachineAndHaveAStableFingerprint) {
  const HostFacts host = read_host();
  EXPECT_GE(host.cores, 1);
  EXPECT_FALSE(host.kernel.empty());
  EXPECT_GT(host.memory_bytes.value_or(0), 0);
  HostFacts later = host;
  later.load_1m = 99;
  EXPECT_EQ(host.fingerprint(), later.fingerprint());
  later.cores += 1;
  EXPECT_NE(host.fingerprint(), later.fingerprint());
}

TEST(HostFacts, LeaveGapsWhereNothingCanBeRead) {
  const HostFacts host = read_host("/nonexistent");
  EXPECT_FALSE(host.memory_bytes || host.load_1m || host.steal_percent);
  EXPECT_TRUE(host.cpu_model.empty());
}

// Every key of every object in the document; keys of user-named maps are not entered.
void collect_keys(const Json& json, std::set<std::string>& keys) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      keys.insert(key);
      if (key != "want" && key != "got" && key != "payload") collect_keys(value, keys);
    }
  } else if (json.is_array()) {
    for (const Json& item : json)
      collect_keys(item, keys);
  }
}

std::string validation_document() {
  GoldenSuite suite;
  suite.files = {"golden/cases.jsonl"};
  for (const char* line : {R"({"id":"good","event":1,"expect":{"n":1.5}})",
                           R"({"id":"off","event":2,"expect":{"n":2.5,"list":[1]}})",
                           R"({"id":"nan","event":3,"expect":{"n":3.5}})"}) {
    suite.cases.push_back(parse_golden_line(line, "").value());
    suite.cases.back().file = suite.files[0];
    suite.cases.back().line = suite.cases.size();
  }
  FakeFunction function([](const FakeCall& call) {
    if (call.event == "3") return answer(R"({"n":NaN})");
    return answer(call.event == "1" ? R"({"n":1.5,"x":{"big":12345678901234567890123}})"
                                    : R"({"n":9.5,"list":[1]})");
  });
  ValidateOptions options;
  options.max_fail.value = 5;
  const ValidationReport report = Validator(std::move(options)).run(function, suite).value();
  return validate_json(sample_head(), report);
}

Observation measured(const FakeCall& call) {
  Observation observation = answer("{}");
  observation.record.cpu = std::chrono::milliseconds(3);
  observation.record.max_memory_used_bytes = 50'000'000;
  if (call.cold()) {
    observation.record.init = std::chrono::milliseconds(100);
    observation.record.init_cpu = std::chrono::milliseconds(90);
  }
  if (call.start == 2 && call.call == 2) {
    return broken(InvocationStatus::function_error, R"({"errorType":"KeyError"})");
  }
  return observation;
}

std::string bench_document(BenchKind kind) {
  FakeFunction function(measured);
  BenchOptions options;
  options.events = {"{}"};
  options.max_time = std::chrono::seconds(60);
  options.thresholds = {parse_threshold("init.p99 < 3s").value(),
                        parse_threshold("latency.p50 < 3s").value(),
                        parse_threshold("first.p50 < 3s").value()};
  const SystemClock clock;
  const BenchReport report = kind == BenchKind::cold
                                 ? ColdBench({7}, options, clock).run(function).value()
                                 : WarmBench({4, 5}, options, clock).run(function).value();
  return bench_json(sample_head(), report);
}

std::string invoke_document() {
  Observation good = answer("{\"b\":1,\"a\":12345678901234567890123,\"a\":2}");
  good.result.request_id = "r-1";
  good.record.init = std::chrono::milliseconds(100);
  good.record.cpu = std::chrono::milliseconds(3);
  good.record.max_memory_used_bytes = 1;
  Observation bad = broken(InvocationStatus::exit, "not json");
  bad.record.error_type = "Runtime.ExitError";
  return invoke_json(sample_head(), {good, bad});
}

TEST(ValidateJson, HasTheKeysThatScriptsRead) {
  const Json json = Json::parse(validation_document());
  ASSERT_EQ(json["cases"].size(), 3u);
  const Json& off = json["cases"][1];
  EXPECT_EQ(off["id"], "off");
  EXPECT_EQ(off["status"], "fail");
  EXPECT_EQ(off["excused"], true);
  EXPECT_EQ(off["first"]["path"], "$.n");
  EXPECT_EQ(off["first"]["want"], 2.5);
  EXPECT_EQ(off["first"]["got"], 9.5);
  EXPECT_EQ(off["first"]["abs"], 7.0);
  EXPECT_TRUE(off["first"].contains("allowed"));
  EXPECT_EQ(off["quantum_flips"], 0);
  EXPECT_EQ(off["near_cut_flips"], 0);
  EXPECT_EQ(json["cases"][0]["findings"][0]["severity"], "warn");
  EXPECT_FALSE(json["cases"][0].contains("first"));
  EXPECT_EQ(json["cases"][2]["first"]["got"], "NaN") << "JSON itself has no NaN";
  EXPECT_EQ(json["summary"]["total"], 3);
  EXPECT_EQ(json["summary"]["failed"], 2);
  EXPECT_EQ(json["summary"]["excused"], 2);
  EXPECT_EQ(json["summary"]["max_abs"], 7.0);
  EXPECT_EQ(json["summary"]["histogram"].size(), 2u);
  for (const char* later : {"paired", "state", "faults", "bad_inputs", "identity"}) {
    EXPECT_FALSE(json.contains(later)) << "what was not measured is absent";
  }
}

TEST(BenchJson, HoldsEverySampleAndAnEstimateOfEachPercentile) {
  const Json json = Json::parse(bench_document(BenchKind::cold));
  EXPECT_EQ(json["scenario"]["kind"], "cold");
  ASSERT_EQ(json["launches"].size(), 7u);
  EXPECT_EQ(json["launches"][0]["init_ms"], 100.0);
  EXPECT_EQ(json["launches"][0]["init_status"], "ok");
  EXPECT_EQ(json["summary"]["failed_first_inits"], 0);
  EXPECT_EQ(json["launches"][0]["samples"][0]["cold"], true);
  EXPECT_EQ(json["launches"][1]["samples"][1]["error"], "function_error: KeyError");
  const Json& init = json["summary"]["init_ms"];
  EXPECT_EQ(init["p50"]["lo"], 100.0);
  EXPECT_EQ(init["p50"]["n"], 7);
  EXPECT_EQ(init["p99"]["needed"], 299);
  EXPECT_FALSE(init["p99"].contains("hi"));
  EXPECT_EQ(json["cold_ratio"], 0.5);
  EXPECT_EQ(json["environments_max"], 1);
  EXPECT_EQ(json["throttles"], 0);
  EXPECT_EQ(json["thresholds"][0]["verdict"], "undecided");
  EXPECT_EQ(json["thresholds"][0]["needed"], 299);
  EXPECT_EQ(json["validity"]["state"], "INVALID");
}

TEST(InvokeJson, KeepsPayloadBytesAsTheyCame) {
  const std::string text = invoke_document();
  EXPECT_NE(text.find("\"payload\":{\"b\":1,\"a\":12345678901234567890123,\"a\":2}}"),
            std::string::npos)
      << text;
  const Json json = Json::parse(text);
  EXPECT_EQ(json["invocations"][1]["payload"], "not json");
  EXPECT_EQ(json["invocations"][1]["status"], "exit");
  EXPECT_EQ(json["invocations"][1]["function_error"], "Unhandled");
  EXPECT_FALSE(json["invocations"][0].contains("function_error"));
}

TEST(ResultDocs, NameEveryKeyThatIsEmitted) {
  const std::string docs = read_text(std::string(COLDFRAME_SOURCE_DIR) + "/docs/result-files.md");
  std::set<std::string> keys;
  for (const std::string& text : {validation_document(), bench_document(BenchKind::cold),
                                  bench_document(BenchKind::warm), invoke_document()}) {
    collect_keys(Json::parse(text), keys);
  }
  EXPECT_GT(keys.size(), 60u);
  for (const std::string& key : keys) {
    EXPECT_NE(docs.find("`" + key + "`"), std::string::npos) << key << " is not documented";
  }
}

// Enough of JSON Schema for our own files: type, properties, required, additionalProperties, items,
// enum and references into $defs. Returns what is wrong, or nothing.
std::string schema_error(const Json& schema, const Json& root, const Json& value,
                         const std::string& path) {
  if (schema.contains("$ref")) {
    constexpr std::size_t k_prefix = sizeof("#/$defs/") - 1;
    const std::string name = schema["$ref"].get<std::string>().substr(k_prefix);
    return schema_error(root["$defs"][name], root, value, path);
  }
  if (schema.contains("enum")) {
    for (const Json& allowed : schema["enum"]) {
      if (allowed == value) return "";
    }
    return path + ": not one of the allowed values: " + value.dump();
  }
  if (schema.contains("type")) {
    const std::string type = schema["type"];
    const bool fits =
        (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
        (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
        (type == "integer" && value.is_number_integer()) || (type == "number" && value.is_number());
    if (!fits) return path + ": not of type " + type + ": " + value.dump();
  }
  for (const Json& key : schema.value("required", Json::array())) {
    if (!value.contains(key.get<std::string>())) return path + ": lacks " + key.dump();
  }
  if (value.is_object()) {
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [key, member] : value.items()) {
      std::string wrong;
      if (properties.contains(key)) {
        wrong = schema_error(properties[key], root, member, path + "." + key);
      } else if (schema.contains("additionalProperties")) {
        const Json& others = schema["additionalProperties"];
        if (others == Json(false)) return path + ": " + key + " is not in the schema";
        wrong = schema_error(others, root, member, path + "." + key);
      }
      if (!wrong.empty()) return wrong;
    }
  }
  if (value.is_array() && schema.contains("items")) {
    for (const Json& item : value) {
      std::string wrong = schema_error(schema["items"], root, item, path + "[]");
      if (!wrong.empty()) return wrong;
    }
  }
  return "";
}

std::string schema_mismatch(const std::string& name, const std::string& document) {
  const Json schema =
      Json::parse(read_text(std::string(COLDFRAME_SOURCE_DIR) + "/docs/schemas/" + name));
  return schema_error(schema, schema, Json::parse(document), "$");
}

TEST(ResultSchemas, AcceptWhatIsEmitted) {
  EXPECT_EQ(schema_mismatch("validate.schema.json", validation_document()), "");
  EXPECT_EQ(schema_mismatch("bench.schema.json", bench_document(BenchKind::cold)), "");
  EXPECT_EQ(schema_mismatch("bench.schema.json", bench_document(BenchKind::warm)), "");
  EXPECT_EQ(schema_mismatch("invoke.schema.json", invoke_document()), "");
}

TEST(ResultSchemas, RefuseAnUnknownKeyAndAMissingOne) {
  Json document = Json::parse(validation_document());
  document["cases"][0]["colour"] = "blue";
  EXPECT_EQ(schema_mismatch("validate.schema.json", document.dump()),
            "$.cases[]: colour is not in the schema");
  document = Json::parse(bench_document(BenchKind::cold));
  document.erase("validity");
  EXPECT_EQ(schema_mismatch("bench.schema.json", document.dump()), "$: lacks \"validity\"");
}

}  // namespace
}  // namespace coldframe
