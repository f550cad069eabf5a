// Whether a request body is JSON: simdjson first, our own strict pass where it says no (it refuses
// integers that do not fit a machine word, which Lambda lets through) and for AWS's error text.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace coldframe {

class PayloadCheck {
 public:
  PayloadCheck();
  ~PayloadCheck();
  PayloadCheck(const PayloadCheck&) = delete;
  PayloadCheck& operator=(const PayloadCheck&) = delete;

  // Nothing if it is JSON, else the parser's message as AWS shows it. `body` needs
  // http::k_body_padding bytes of capacity behind its end, or it is copied.
  std::optional<std::string> fault(const std::string& body);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;  // kept between small bodies; large ones get their own
};

}  // namespace coldframe
