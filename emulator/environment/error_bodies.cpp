#include "emulator/environment/error_bodies.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace coldframe::error_bodies {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string platform_error(const std::string& type, const std::string& request_id,
                           const std::string& reason) {
  return dump(
      {{"errorType", type}, {"errorMessage", "RequestId: " + request_id + " Error: " + reason}});
}

std::string timed_out(const std::string& request_id, int timeout_s) {
  return platform_error("Sandbox.Timedout", request_id,
                        fmt::format("Task timed out after {:.2f} seconds", double(timeout_s)));
}

std::string response_too_large() {
  return dump({{"errorMessage",
                "Response payload size exceeded maximum allowed payload size (6291556 bytes)."},
               {"errorType", "Function.ResponseSizeTooLarge"}});
}

}  // namespace coldframe::error_bodies
