// A caller of the Invoke API on a raw socket: what boto3 would send, and what it would not.
//
//   InvokeClient caller(pump, port);
//   caller.start(R"({"a":1})");                // sends, does not wait
//   HttpReply answer = caller.finish();
//
// One keep-alive connection, one invoke at a time. Owned by the test.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/raw_http_client.hpp"

namespace coldframe::testing {

// "/2015-03-31/functions/NAME/invocations"
std::string invoke_path(std::string_view function);
// The decoded X-Amz-Log-Result; empty if there is none.
std::string log_tail(const HttpReply& answer);

class InvokeClient {
 public:
  InvokeClient(Pump& pump, std::uint16_t port, std::string_view function = "f")
      : link_(pump, port), path_(invoke_path(function)) {}

  void start(std::string_view event, const HeaderList& headers = {}) {
    link_.send(http_request("POST", path_, event, headers));
  }
  bool answered() { return link_.reply_ready(); }
  HttpReply finish() { return link_.read_reply(); }
  HttpReply invoke(std::string_view event, const HeaderList& headers = {}) {
    start(event, headers);
    return finish();
  }
  RawHttpClient& link() { return link_; }

 private:
  RawHttpClient link_;
  std::string path_;
};

}  // namespace coldframe::testing
