#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "emulator/report/inspect_report.hpp"
#include "emulator/report/junit.hpp"

namespace coldframe {
namespace {

using inspect::Finding;

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(xml_text(value).c_str());
}

std::string text_of(const Finding& finding) {
  std::string text = fmt::format("{}: {}\n", to_text(finding.severity), finding.message);
  if (!finding.where.empty()) text += "  at   " + finding.where + "\n";
  if (!finding.fix.empty()) text += "  fix  " + finding.fix + "\n";
  return text;
}

// What one id has to say.
struct Case {
  std::string failures;
  std::string first;
  std::string notes;
  std::string reason;  // why it is ignored
  bool is_ignored = false;
};

Case case_of(const InspectReport& report, const std::string& id) {
  Case one;
  for (const inspect::Finding& finding : report.inspection.findings) {
    if (finding.id != id) continue;
    if (report.fails(finding)) {
      if (one.first.empty()) one.first = finding.message;
      one.failures += text_of(finding);
    } else {
      one.notes += text_of(finding);
    }
  }
  for (const auto& ignored : report.inspection.ignored) {
    if (ignored.finding.id != id) continue;
    one.is_ignored = true;
    one.reason = ignored.reason.empty() ? "by --ignore" : ignored.reason;
    one.notes += text_of(ignored.finding);
  }
  return one;
}

// A property also ends at a colon or comma; a message does not.
std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','))) {
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string inspect_junit(const InspectReport& report) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("testsuites");
  set(root, "name", "coldframe inspect");
  pugi::xml_node suite = root.append_child("testsuite");
  set(suite, "name", report.target);
  std::size_t failures = 0;
  std::size_t skipped = 0;
  for (const std::string& id : inspect::finding_ids()) {
    const Case one = case_of(report, id);
    pugi::xml_node testcase = suite.append_child("testcase");
    set(testcase, "classname", "inspect");
    set(testcase, "name", id);
    if (!one.failures.empty()) {
      ++failures;
      pugi::xml_node failure = testcase.append_child("failure");
      set(failure, "message", one.first);
      set(failure, "type", id);
      failure.text().set(xml_text(one.failures).c_str());
    } else if (one.is_ignored) {
      ++skipped;
      set(testcase.append_child("skipped"), "message", "ignored: " + one.reason);
    }
    if (!one.notes.empty())
      testcase.append_child("system-out").text().set(xml_text(one.notes).c_str());
  }
  for (pugi::xml_node node : {root, suite}) {
    set(node, "tests", std::to_string(inspect::finding_ids().size()));
    set(node, "failures", std::to_string(failures));
    set(node, "errors", "0");
    set(node, "skipped", std::to_string(skipped));
  }
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

std::string inspect_annotations(const InspectReport& report) {
  // GitHub shows ten of each level a step.
  constexpr std::size_t k_most_shown = 9;
  std::string out;
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const inspect::Finding& finding : report.inspection.findings) {
    if (finding.severity == inspect::Severity::info) continue;
    const bool fails = report.fails(finding);
    if (++(fails ? errors : warnings) > k_most_shown) continue;
    std::string text = finding.message;
    if (!finding.where.empty()) text += "\nat " + finding.where;
    if (!finding.fix.empty()) text += "\nfix: " + finding.fix;
    const std::string file =
        report.function_file.empty() ? "" : "file=" + escaped(report.function_file, true) + ",";
    out += fmt::format("::{} {}title={}::{}\n", fails ? "error" : "warning", file,
                       escaped(finding.id + " " + report.target, true), escaped(text, false));
  }
  for (const auto& [level, count] : {std::pair("error", errors), std::pair("warning", warnings)}) {
    if (count <= k_most_shown) continue;
    out += fmt::format("::{} title=coldframe inspect::and {} more findings\n", level,
                       count - k_most_shown);
  }
  return out;
}

}  // namespace coldframe
