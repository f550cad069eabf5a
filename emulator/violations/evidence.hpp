// What a function shows of a failure: the error that it reported, and what it printed meanwhile.
//
//   Evidence evidence = read_evidence(R"({"errorType":"OSError","errorMessage":"[Errno 30] …",
//                                       "stackTrace":["  File …"]})", "what it printed\n");
//
// Fields of an error body are those of AWS's clients (Python and Java `stackTrace`, Node.js
// `trace`, Java `cause`, Go's frames as objects). Never fails: of a body that is no such JSON
// nothing is known. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace coldframe {

struct Evidence {
  std::string type{};     // "OSError", "Runtime.MarshalError"; a cause's follow, a space apart
  std::string message{};  // likewise, a line each
  std::string stack{};    // frames, a line each; clients put source lines beside them
  std::string output{};   // lines that the process printed
  std::string ended{};    // why it ended instead of answering, in AWS's words; empty: it did not
};

// Bodies over 256 KB are not looked at.
Evidence read_evidence(std::string_view error_body, std::string_view output);

}  // namespace coldframe
