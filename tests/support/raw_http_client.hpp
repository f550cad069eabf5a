// An HTTP client that can be rude: single bytes, half a body, a connection that breaks off. One raw
// non-blocking socket; whoever waits lets the pump run.
//
//   RawHttpClient client(pump, port);
//   client.send("POST /x HTTP/1.1\r\nContent-Length: 100\r\n\r\nonly this much");
//   client.finish_sending();
//   HttpReply reply = client.read_reply();      // throws if none comes
//
// Owned by the test; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/base/unique_fd.hpp"
#include "tests/support/pump.hpp"

namespace coldframe::testing {

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // as they came
  std::string body;

  bool has(std::string_view name) const { return find(name).has_value(); }
  std::optional<std::string> find(std::string_view name) const;  // the first; case does not matter
  std::string header(std::string_view name) const { return find(name).value_or(""); }
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// A whole request. Content-Length is added unless the headers speak of the length themselves or
// there is no body to a GET.
std::string http_request(std::string_view method, std::string_view target,
                         std::string_view body = {}, const HeaderList& headers = {});
// One chunk of a chunked body; an empty one ends it, before its trailers.
std::string http_chunk(std::string_view data);

class RawHttpClient {
 public:
  RawHttpClient(Pump& pump, std::uint16_t port);
  RawHttpClient(RawHttpClient&&) = default;
  RawHttpClient& operator=(RawHttpClient&&) = default;

  // Sends everything; the pump runs while the other side is not reading. Ends early, without a
  // word, if the other side has closed: what it had to say is still to be read.
  void send(std::string_view bytes);
  // Each byte for itself, with a turn of the pump after it.
  void send_bytewise(std::string_view bytes);
  void finish_sending();  // closes our half only
  void close();           // an orderly end
  void abort();           // a reset

  // Without waiting.
  bool reply_ready();
  bool quiet();  // still open, and not a byte has come
  // Waiting.
  HttpReply read_reply();
  HttpReply request(std::string_view method, std::string_view target, std::string_view body = {},
                    const HeaderList& headers = {});
  // Whether the other side closes without another byte.
  bool ends();
  std::uint16_t local_port() const;

 private:
  void receive();
  std::optional<HttpReply> parse();  // leaves input_ alone
  Pump* pump_;
  UniqueFd fd_;
  std::string input_;
  std::size_t parsed_ = 0;  // length of what parse() has understood
  bool end_ = false;
};

}  // namespace coldframe::testing
