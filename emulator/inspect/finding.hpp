// What inspect has found on an image or a directory: the catalogue's id, how bad it is, where, and
// a line to paste that mends it.
//
//   Finding{"W15", Severity::error, "libgomp.so.1 is not in the image; … needs it",
//           "/usr/lib/…/libxgboost.so", "RUN apt-get install -y libgomp1"}
//
// Value type. Names in it come from the image and may have any bytes: whoever prints them escapes.
#pragma once

#include <string>
#include <vector>

namespace coldframe::inspect {

enum class Severity { error, warning, info };

struct Finding {
  std::string id;
  Severity severity = Severity::warning;
  std::string message;  // one sentence, without the id
  std::string where;    // a path inside, or what of the image it is; empty: all of it
  std::string fix;  // a line of a Dockerfile, a command, or what to do; empty: nothing is needed
};

using Findings = std::vector<Finding>;

inline const char* to_text(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::info:
      break;
  }
  return "info";
}

}  // namespace coldframe::inspect
