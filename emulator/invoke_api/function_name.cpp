#include "emulator/invoke_api/function_name.hpp"

#include <algorithm>
#include <boost/regex.hpp>
#include <cctype>

#include "emulator/net/http_message.hpp"

namespace coldframe {
namespace {

// The constraint as the service states it; its text stands in the error message.
constexpr const char* k_name_pattern =
    R"((arn:(aws[a-zA-Z-]*|eusc)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?)";
// The same, but `$latest` and the like pass here and are not found later, as on AWS.
constexpr const char* k_accepted_pattern =
    R"((arn:(aws[a-zA-Z-]*|eusc)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9_.-]+)(:(\$[a-zA-Z.]+|[a-zA-Z0-9_-]+))?)";
constexpr const char* k_qualifier_pattern = R"(\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+)";
constexpr const char* k_accepted_qualifier = R"(\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9_$-]+)";
constexpr std::size_t k_longest_name = 256;
constexpr std::size_t k_longest_qualifier = 128;

// What nearly every call sends; a regular expression is slow.
bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_';
  });
}

}  // namespace

std::string violation(std::string_view value, const char* member, const std::string& constraint) {
  return "Value '" + std::string(value) + "' at '" + member +
         "' failed to satisfy constraint: " + constraint;
}

std::variant<FunctionReference, RequestFault> parse_function_reference(
    std::string_view encoded_name, std::optional<std::string_view> qualifier,
    Violations& violations) {
  if (!qualifier && encoded_name.size() <= k_longest_name && is_plain_name(encoded_name)) {
    return FunctionReference{std::string(encoded_name), "", "", ""};
  }
  static const boost::regex name_pattern(k_accepted_pattern, boost::regex::optimize);
  static const boost::regex qualifier_pattern(k_accepted_qualifier);
  const std::string name = http::percent_decode(encoded_name);
  const std::string wanted = qualifier ? http::percent_decode(*qualifier) : "";

  boost::smatch match;
  const bool short_enough = name.size() <= k_longest_name;
  if (!short_enough) {
    violations.push_back(
        violation(name, "functionName", "Member must have length less than or equal to 256"));
  } else if (!boost::regex_match(name, match, name_pattern)) {
    violations.push_back(violation(
        name, "functionName",
        "Member must satisfy regular expression pattern: " + std::string(k_name_pattern)));
  }
  if (qualifier) {
    if (wanted.empty() || wanted.size() > k_longest_qualifier) {
      violations.push_back(violation(wanted, "qualifier",
                                     wanted.empty()
                                         ? "Member must have length greater than or equal to 1"
                                         : "Member must have length less than or equal to 128"));
    } else if (!boost::regex_match(wanted, qualifier_pattern)) {
      violations.push_back(violation(
          wanted, "qualifier",
          "Member must satisfy regular expression pattern: " + std::string(k_qualifier_pattern)));
    }
  }
  if (!violations.empty()) return FunctionReference{};

  FunctionReference reference;
  reference.region = match[3].str();
  if (!reference.region.empty()) reference.region.pop_back();
  reference.account = match[9].str();
  if (!reference.account.empty()) reference.account.pop_back();
  reference.name = match[11].str();
  reference.qualifier = match[13].str();
  if (qualifier) {
    if (!reference.qualifier.empty() && reference.qualifier != wanted) {
      return RequestFault{
          400, "InvalidParameterValueException",
          R"({"Type":"User","message":"The derived qualifier from the function name )"
          R"(does not match the specified qualifier."})"};
    }
    reference.qualifier = wanted;
  }
  return reference;
}

}  // namespace coldframe
