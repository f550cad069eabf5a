#include "emulator/report/invoke_json.hpp"

#include <nlohmann/json.hpp>

#include "emulator/json/json_check.hpp"
#include "emulator/json/json_value.hpp"

namespace coldframe {

namespace {

using Json = nlohmann::ordered_json;

Json record_json(const Observation& observation) {
  const InvocationRecord& record = observation.record;
  Json json = {{"request_id", observation.result.request_id},
               {"environment_id", record.environment_id},
               {"cold", record.cold},
               {"status", to_text(observation.result.status)}};
  // An answer's own error, and only beside a good answer what became of the runtime after it.
  const bool good = observation.result.status == InvocationStatus::ok;
  const std::string& error_type = good ? record.error_type : record.answer_error;
  if (!error_type.empty()) json["error_type"] = error_type;
  if (record.init) json["init_ms"] = to_ms(*record.init);
  json["duration_ms"] = to_ms(record.duration);
  json["billed_ms"] = record.billed_ms;
  json["memory_size_mb"] = record.memory_size_mb;
  if (record.max_memory_used_bytes) json["max_memory_used_bytes"] = *record.max_memory_used_bytes;
  if (record.cpu) json["cpu_ms"] = to_ms(*record.cpu);
  if (record.throttled) json["throttled_ms"] = to_ms(*record.throttled);
  if (record.threads) json["threads"] = *record.threads;
  if (record.descriptors) json["descriptors"] = *record.descriptors;
  if (record.children) json["children"] = *record.children;
  if (record.resident_bytes) json["resident_bytes"] = *record.resident_bytes;
  if (record.tmp_used_bytes) json["tmp_used_bytes"] = *record.tmp_used_bytes;
  if (record.tmp_left_bytes) json["tmp_left_bytes"] = *record.tmp_left_bytes;
  if (observation.result.function_error) json["function_error"] = "Unhandled";
  return json;
}

// Parsing and writing the payload again would lose number forms and duplicate keys, so its bytes
// are put in as they are; a line break in them would only break the one-a-line layout.
std::string with_payload(std::string record, const std::string& payload) {
  record.pop_back();
  return record + ",\"payload\":" + (check_json(payload) ? quote_json(payload) : payload) + "}";
}

}  // namespace

std::string invoke_json(const ResultHead& head, const std::vector<Observation>& invocations) {
  ResultDocument document(head);
  std::vector<std::string> elements;
  for (const Observation& observation : invocations) {
    const Payload& payload = observation.result.payload;
    elements.push_back(
        with_payload(to_json_text(record_json(observation)), payload ? *payload : std::string()));
  }
  document.add_list("invocations", elements);
  return document.text();
}

}  // namespace coldframe
