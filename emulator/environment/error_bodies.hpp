// The bodies that a caller gets when the platform, not the function, answers. Key order and texts
// as recorded on AWS (2025-11); none ends with a line end.
#pragma once

#include <string>

namespace coldframe::error_bodies {

// {"errorType":T,"errorMessage":"RequestId: <id> Error: <reason>"}
std::string platform_error(const std::string& type, const std::string& request_id,
                           const std::string& reason);
std::string timed_out(const std::string& request_id, int timeout_s);
std::string response_too_large();

}  // namespace coldframe::error_bodies
