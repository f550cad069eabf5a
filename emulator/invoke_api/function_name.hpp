// The {FunctionName} of an Invoke call and its Qualifier: plain name, name:qualifier, partial ARN
// or full ARN, percent-encoded or not; and AWS's words when it is none of these. Pattern and
// constraints: the service model of 2015-03-31 (August 2026), recorded errors 2025-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace coldframe {

struct FunctionReference {
  std::string name;
  std::string qualifier;  // from the name, empty if none
  std::string region;     // from a full ARN, else empty
  std::string account;    // from a full or partial ARN, else empty
};

// An error of the request, ready to be sent.
struct RequestFault {
  int status = 400;
  std::string code;                    // "ValidationException"
  std::string body;                    // JSON
  std::string_view allowed_methods{};  // of a 405; a literal
};

// What of a request breaks a constraint of the service model; one answer tells of all of it.
using Violations = std::vector<std::string>;

// "Value 'x' at 'logType' failed to satisfy constraint: …".
std::string violation(std::string_view value, const char* member, const std::string& constraint);

// Adds to `violations` what name and qualifier break; the reference is of use only if there are
// none.
std::variant<FunctionReference, RequestFault> parse_function_reference(
    std::string_view encoded_name, std::optional<std::string_view> qualifier,
    Violations& violations);

}  // namespace coldframe
