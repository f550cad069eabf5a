// From the TARGET that a user typed to what is inspected. An image is imported into the store
// first, unless it is larger than Lambda takes: then that is the one finding.
//
//   auto opened = open_subject("scoring.tar", options);
//   if (opened->subject) inspection = inspect_subject(*opened->subject);
//
// Errors: 2, no such target, a malformed file, no image; 4, the store cannot be used; 77, a kind of
// target that this version does not know.
#pragma once

#include <optional>
#include <string>

#include "emulator/base/error.hpp"
#include "emulator/config/image_target.hpp"
#include "emulator/inspect/finding.hpp"
#include "emulator/inspect/subject.hpp"

namespace coldframe::inspect {

struct OpenedSubject {
  FunctionFile file{};  // of function.json; empty defaults without one
  std::optional<Subject> subject{};
  std::optional<ImageManifest> manifest{};  // of an image
  std::optional<Finding> too_large{};       // instead of a subject
};

Result<OpenedSubject> open_subject(const std::string& target, const ImageOptions& options);

}  // namespace coldframe::inspect
