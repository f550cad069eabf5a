// The bytes of an event or an answer. They are shared, and never parsed and written again: they
// reach the other side as they came.
#pragma once

#include <memory>
#include <string>

namespace coldframe {

using Payload = std::shared_ptr<const std::string>;  // never null once it is in a request or result
inline Payload make_payload(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace coldframe
