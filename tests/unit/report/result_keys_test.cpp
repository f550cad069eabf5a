// Every key of the result files: what scripts read, and that documentation and schemas know it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "emulator/bench/cold_bench.hpp"
#include "emulator/bench/warm_bench.hpp"
#include "emulator/report/bench_json.hpp"
#include "emulator/report/invoke_json.hpp"
#include "emulator/report/validate_json.hpp"
#include "tests/unit/report/result_fixture.hpp"
#include "tests/unit/validate/fake_function.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;
using namespace result_fixture;
using testing::answer;
using testing::broken;
using testing::FakeCall;
using testing::FakeFunction;

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
  good.record.threads = 4;
  good.record.descriptors = 12;
  good.record.children = 0;
  good.record.resident_bytes = 60'000'000;
  good.record.tmp_used_bytes = 5'000;
  good.record.tmp_left_bytes = 4'000;
  bad.record.error_type = "Sandbox.Timedout";  // what became of the runtime after it
  bad.record.answer_error = "Runtime.ExitError";
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
  EXPECT_EQ(json["invocations"][0]["threads"], 4);
  EXPECT_EQ(json["invocations"][0]["children"], 0);
  EXPECT_EQ(json["invocations"][0]["tmp_left_bytes"], 4000);
  EXPECT_FALSE(json["invocations"][1].contains("descriptors")) << "nobody has looked";
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
