#include "emulator/report/validate_json.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/json/decimal.hpp"
#include "emulator/json/json_check.hpp"
#include "emulator/json/json_value.hpp"

namespace coldframe {

namespace {

using Json = nlohmann::ordered_json;

bool is_same_number(const std::string& a, const std::string& b) {
  if (is_integer_literal(a) || is_integer_literal(b)) return a == b;
  return Decimal::parse(a) == Decimal::parse(b);
}

// Whether nothing got lost when `text` was read and written again.
bool is_carried(const JsonValue& text, const JsonValue& written) {
  if (text.kind() != written.kind()) return false;
  if (text.is(JsonKind::number)) return is_same_number(text.text(), written.text());
  const auto same_member = [](const JsonMember& a, const JsonMember& b) {
    return a.key == b.key && is_carried(a.value, b.value);
  };
  return text.text() == written.text() &&
         std::equal(text.items().begin(), text.items().end(), written.items().begin(),
                    written.items().end(), is_carried) &&
         std::equal(text.members().begin(), text.members().end(), written.members().begin(),
                    written.members().end(), same_member);
}

// A kept value as JSON; as text where it was cut or is none (NaN), and where a number in it has
// more digits than Json holds or a key is there twice.
Json kept_value(const std::string& text) {
  if (check_json(text)) return text;
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) return text;
  const ParsedJson kept = parse_json(text);
  const ParsedJson written = parse_json(to_json_text(value));
  return kept && written && is_carried(kept.value(), written.value()) ? value : Json(text);
}

void add_values(Json& json, const Finding& finding) {
  if (!finding.want.empty()) json["want"] = kept_value(finding.want);
  if (!finding.got.empty()) json["got"] = kept_value(finding.got);
  if (finding.abs) json["abs"] = *finding.abs;
  if (finding.allowed) json["allowed"] = *finding.allowed;
}

Json finding_json(const Finding& finding) {
  Json json = {{"severity", finding.severity == Severity::failure ? "fail" : "warn"},
               {"kind", to_text(finding.kind)},
               {"pass", to_text(finding.pass)},
               {"path", finding.path}};
  add_values(json, finding);
  const std::optional<double> over = finding.over();
  if (over && std::isfinite(*over)) json["over"] = *over;
  json["message"] = finding.message;
  return json;
}

Json case_json(const CaseResult& result) {
  Json json = {{"id", result.id}, {"status", to_text(result.status)}};
  if (result.excused) json["excused"] = true;
  json["findings"] = Json::array();
  for (const Finding& finding : result.findings)
    json["findings"].push_back(finding_json(finding));
  if (result.findings_dropped > 0) json["findings_dropped"] = result.findings_dropped;
  if (result.max_abs) json["max_abs"] = *result.max_abs;
  if (!result.findings.empty() && result.findings.front().severity == Severity::failure) {
    Json first = {{"path", result.findings.front().path}};
    add_values(first, result.findings.front());
    json["first"] = first;
  }
  json["quantum_flips"] = result.quantum_flips;
  json["near_cut_flips"] = result.near_cut_flips;
  return json;
}

Json summary_json(const ValidationReport& report) {
  const ValidationSummary& summary = report.summary;
  Json json = {{"total", summary.total},
               {"passed", summary.passed},
               {"failed", summary.failed},
               {"excused", summary.excused},
               {"errors", summary.errors},
               {"skipped", summary.skipped},
               {"quantum_flips", summary.quantum_flips},
               {"near_cut_flips", summary.near_cut_flips}};
  if (summary.max_abs) json["max_abs"] = *summary.max_abs;
  json["histogram"] = Json::array();
  for (const HistogramBin& bin : report.histogram) {
    Json entry = {{"above", bin.above}};
    if (std::isfinite(bin.up_to)) entry["up_to"] = bin.up_to;
    entry["count"] = bin.count;
    json["histogram"].push_back(entry);
  }
  return json;
}

}  // namespace

std::string validate_json(const ResultHead& head, const ValidationReport& report) {
  ResultDocument document(head);
  document.add("golden", report.files);
  document.add("tolerance", {{"rtol", report.tolerance.rtol}, {"atol", report.tolerance.atol}});
  std::vector<std::string> cases;
  for (const CaseResult& result : report.cases)
    cases.push_back(to_json_text(case_json(result)));
  document.add_list("cases", cases);
  document.add("summary", summary_json(report));
  return document.text();
}

Result<std::vector<std::string>> failed_ids(const std::string& text, const std::string& file) {
  const Json json = check_json(text) ? Json() : Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("command", Json()) != "validate" ||
      !json.value("cases", Json()).is_array()) {
    return usage_error(file + " is not a result file of validate");
  }
  std::vector<std::string> ids;
  for (const Json& one : json["cases"]) {
    const Json id = one.is_object() ? one.value("id", Json()) : Json();
    if (!id.is_string()) return usage_error(file + " is not a result file of validate");
    const Json status = one.value("status", Json());
    if (status == "fail" || status == "error") ids.push_back(id);
  }
  if (ids.empty()) {
    return usage_error(file + " names no case that failed; there is nothing to run again");
  }
  return ids;
}

}  // namespace coldframe
