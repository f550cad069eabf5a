// The static findings on an image or a directory: will it run on Lambda?
//
//   const Inspection inspection = inspect_subject(subject);
//   for (const Finding& finding : inspection.findings) …   // the worst first
//
// Reads the subject's files, starts nothing, writes nothing. All in it is hostile input: whatever
// it has, the findings come, in bounded time and memory. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "emulator/inspect/finding.hpp"
#include "emulator/inspect/sizes.hpp"
#include "emulator/inspect/subject.hpp"

namespace coldframe::inspect {

// A finding that somebody knows of and accepts.
struct IgnoredFinding {
  Finding finding;
  std::string reason;  // empty: none was given
};

struct Inspection {
  Findings findings;
  std::vector<IgnoredFinding> ignored;
  std::vector<BigPart> biggest;
  std::int64_t bytes = 0;  // uncompressed
  std::size_t files = 0;
  std::size_t count(Severity severity) const;
};

Inspection inspect_subject(const Subject& subject);

// Moves findings of these ids to `ignored`; by id the reason.
void ignore_findings(Inspection& inspection, const std::map<std::string, std::string>& reasons);

// The ids that a finding can have, in the order of the catalogue.
const std::vector<std::string>& finding_ids();

}  // namespace coldframe::inspect
