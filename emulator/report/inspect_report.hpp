// An inspection for people, for scripts and for CI.
//
//   out.write(inspect_text(report));                 // what was found, what is big, a verdict
//   write_result(path, inspect_json(head, report));  // docs/schemas/inspect.schema.json
//   write_result(path, inspect_junit(report));       // one testcase an id
//   print(inspect_annotations(report));              // GitHub
//
// Pure. What comes from the image is escaped: it may have any bytes.
#pragma once

#include <optional>
#include <string>

#include "emulator/image/image_manifest.hpp"
#include "emulator/inspect/inspection.hpp"
#include "emulator/report/result_file.hpp"

namespace coldframe {

struct InspectReport {
  std::string target;                     // as the user has typed it
  std::string function_file;              // empty: there is none
  std::optional<ImageManifest> manifest;  // nothing: a directory
  std::vector<inspect::SubjectLayer> layers;
  std::string architecture;  // that it is inspected for
  inspect::Inspection inspection;
  bool fails_on_warning = false;

  bool fails(const inspect::Finding& finding) const {
    return finding.severity == inspect::Severity::error ||
           (fails_on_warning && finding.severity == inspect::Severity::warning);
  }
  ExitCode exit_code() const;
  // "2 errors, 1 warning"; "no findings".
  std::string summary() const;
};

std::string inspect_text(const InspectReport& report);
std::string inspect_json(const ResultHead& head, const InspectReport& report);
std::string inspect_junit(const InspectReport& report);
std::string inspect_annotations(const InspectReport& report);

}  // namespace coldframe
