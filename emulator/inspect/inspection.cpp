#include "emulator/inspect/inspection.hpp"

#include <algorithm>

#include "emulator/inspect/look.hpp"
#include "emulator/inspect/model_files.hpp"

namespace coldframe::inspect {
namespace {

// "W4" before "W10".
int number_of(const std::string& id) {
  int number = 0;
  for (const char c : id) {
    if (c >= '0' && c <= '9') number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::size_t Inspection::count(Severity severity) const {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& one) { return one.severity == severity; }));
}

Inspection inspect_subject(const Subject& subject) {
  const Census census = Census::take(subject);
  const Program program = find_program(subject);
  const PythonHome python = find_python_home(subject, census, program.python);
  Imports imports = find_imports(subject, python, program);
  std::vector<ModelFile> models;
  const Look look{subject, census, program, python, imports, models};
  models = find_models(look);
  // What a model is made of is imported when it is loaded.
  std::set<std::string> of_models;
  for (const ModelFile& model : models) {
    for (const auto& [module, name] : model.facts.globals)
      of_models.insert(module.substr(0, module.find('.')));
  }
  add_packages(python, of_models, imports);
  Inspection out;
  for (const auto check :
       {check_packaging, check_platform, check_entry_point, check_runtime_client, check_libraries,
        check_size, check_cpu_features, check_history, check_modes, check_models, check_byte_code,
        check_caches, check_variables})
    check(look, out.findings);
  std::stable_sort(out.findings.begin(), out.findings.end(),
                   [](const Finding& a, const Finding& b) {
                     if (a.severity != b.severity) return a.severity < b.severity;
                     return number_of(a.id) < number_of(b.id);
                   });
  out.biggest = biggest_parts(look);
  out.bytes = total_bytes(look);
  out.files = census.files().size();
  return out;
}

void ignore_findings(Inspection& inspection, const std::map<std::string, std::string>& reasons) {
  Findings kept;
  for (Finding& finding : inspection.findings) {
    const auto reason = reasons.find(finding.id);
    if (reason == reasons.end()) {
      kept.push_back(std::move(finding));
    } else {
      inspection.ignored.push_back({std::move(finding), reason->second});
    }
  }
  inspection.findings = std::move(kept);
}

const std::vector<std::string>& finding_ids() {
  static const std::vector<std::string> ids{"W3",  "W4",  "W10", "W11", "W12", "W13", "W14",
                                            "W15", "W16", "W17", "W18", "W31", "W38", "W39"};
  return ids;
}

}  // namespace coldframe::inspect
