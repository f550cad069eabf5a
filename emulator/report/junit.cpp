#include "emulator/report/junit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>
#include <string_view>

#include "emulator/base/interruption.hpp"
#include "emulator/json/utf8.hpp"

namespace coldframe {

std::string xml_text(const std::string& text) {
  constexpr std::string_view k_replacement = "\xEF\xBF\xBD";
  std::string out;
  const std::string_view all = text;
  for (std::size_t at = 0; at < all.size();) {
    const utf8::Decoded character = utf8::decode(all.substr(at));
    const char32_t code = character.code_point;
    const bool allowed = character.length > 0 && code != 0xFFFE && code != 0xFFFF &&
                         (code >= 0x20 || code == '\t' || code == '\n' || code == '\r');
    out += allowed ? all.substr(at, character.length) : k_replacement;
    at += character.length == 0 ? 1 : character.length;
  }
  return out;
}

namespace {

// "golden/cases.jsonl" → "golden.cases", as a class in a package.
std::string suite_name(const std::string& file) {
  std::string name = file;
  constexpr std::string_view k_extension = ".jsonl";
  if (name.size() > k_extension.size() &&
      std::string_view(name).substr(name.size() - k_extension.size()) == k_extension) {
    name.resize(name.size() - k_extension.size());
  }
  name.erase(0, std::min(name.find_first_not_of("./"), name.size()));
  for (char& c : name) {
    if (c == '/') c = '.';
  }
  return name.empty() ? "golden" : name;
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(xml_text(value).c_str());
}

void set(pugi::xml_node node, const char* name, std::size_t value) {
  set(node, name, std::to_string(value));
}

std::string finding_text(const Finding& finding) {
  std::string text =
      fmt::format("{} ({}): {}", finding.path, to_text(finding.pass), finding.message);
  if (!finding.want.empty()) text += "\n  want " + finding.want;
  if (!finding.got.empty()) text += "\n  got  " + finding.got;
  if (finding.abs && finding.allowed) {
    text += fmt::format("\n  |Δ| {} allowed {}", *finding.abs, *finding.allowed);
  }
  return text + "\n";
}

std::string skip_reason(const ValidationReport& report) {
  if (report.interrupted_by != 0) return "interrupted by " + signal_text(report.interrupted_by);
  if (report.out_of_time) return "--max-time was over";
  return report.cannot_start ? "the function cannot start" : "";
}

void add_outcome(pugi::xml_node testcase, const CaseResult& result, const std::string& skipped) {
  if (result.status == CaseStatus::pass) return;
  if (result.status == CaseStatus::skip) {
    pugi::xml_node node = testcase.append_child("skipped");
    if (!skipped.empty()) set(node, "message", skipped);
    return;
  }
  std::string text;
  for (const Finding& finding : result.findings)
    text += finding_text(finding);
  const std::string first = result.findings.front().path + ": " + result.findings.front().message;
  // A <failure> would turn a build red that the exit code lets pass.
  if (result.excused) {
    set(testcase.append_child("skipped"), "message", "excused by --max-fail: " + first);
    testcase.append_child("system-out").text().set(xml_text(text).c_str());
    return;
  }
  const char* name = result.status == CaseStatus::fail ? "failure" : "error";
  pugi::xml_node outcome = testcase.append_child(name);
  set(outcome, "message", first);
  set(outcome, "type", to_text(result.findings.front().kind));
  outcome.text().set(xml_text(text).c_str());
}

struct Totals {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  double seconds = 0;
  void count(const CaseResult& result) {
    ++tests;
    if (result.status == CaseStatus::fail) ++(result.excused ? skipped : failures);
    if (result.status == CaseStatus::error) ++errors;
    if (result.status == CaseStatus::skip) ++skipped;
    seconds += to_ms(result.latency) / 1000.0;
  }
  void write(pugi::xml_node node) const {
    set(node, "tests", tests);
    set(node, "failures", failures);
    set(node, "errors", errors);
    set(node, "skipped", skipped);
    set(node, "time", fmt::format("{:.6f}", seconds));
  }
};

void add_suite(pugi::xml_node root, const std::string& file, const ValidationReport& report,
               Totals& all) {
  Totals totals;
  for (const CaseResult& result : report.cases) {
    if (result.file != file) continue;
    totals.count(result);
    all.count(result);
  }
  if (totals.tests == 0) return;
  const std::string suite = suite_name(file);
  pugi::xml_node node = root.append_child("testsuite");
  set(node, "name", suite);
  totals.write(node);
  for (const CaseResult& result : report.cases) {
    if (result.file != file) continue;
    pugi::xml_node testcase = node.append_child("testcase");
    set(testcase, "classname", suite);
    set(testcase, "name", result.id);
    set(testcase, "file", result.file);
    set(testcase, "line", result.line);
    set(testcase, "time", fmt::format("{:.6f}", to_ms(result.latency) / 1000.0));
    add_outcome(testcase, result, skip_reason(report));
  }
}

}  // namespace

std::string junit_xml(const ValidationReport& report) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("testsuites");
  set(root, "name", "coldframe validate");
  Totals all;
  for (const std::string& file : report.files)
    add_suite(root, file, report, all);
  all.write(root);
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

}  // namespace coldframe
