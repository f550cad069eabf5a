#include "tests/support/invoke_client.hpp"

#include <stdexcept>

#include "emulator/base/base64.hpp"

namespace coldframe::testing {

std::string invoke_path(std::string_view function) {
  return "/2015-03-31/functions/" + std::string(function) + "/invocations";
}

std::string log_tail(const HttpReply& answer) {
  const auto tail = base64_decode(answer.header("X-Amz-Log-Result"));
  if (!tail) throw std::runtime_error("X-Amz-Log-Result is not base64");
  return *tail;
}

}  // namespace coldframe::testing
