// One raw HTTP/1.1 connection to the Runtime API, opened when first used.
//
//   Link link("127.0.0.1:9001");
//   link.send("GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\n\r\n");
//   Reply reply = link.read_reply();        // waits for ever
//
// A peer that closed the idle connection is met with a new one, as real clients do. Failures throw
// Stop with exit code 69. Bytes after a reply stay for the next read_reply (pipelining).

#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scripted {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first value under `name` (case-insensitive), or null.
const std::string* find_header(const Headers& headers, std::string_view name);

struct Reply {
  int status = 0;  // 0: none was read
  Headers headers;
  std::string body;
};

class Link {
 public:
  explicit Link(std::string address) : address_(std::move(address)) {}
  ~Link() { close(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }

  // Connects unless a live connection stands. To be called before the first byte of a request.
  void open();
  void close();
  void close_writing();  // the peer sees the end, but may still answer

  // Sends everything. If the peer has closed meanwhile it may have answered before: that is no
  // failure here, read_reply() finds out.
  void send(std::string_view bytes);
  Reply read_reply();

  // Whether bytes (or the end of the connection) arrive within `wait`.
  [[nodiscard]] bool readable_within(std::chrono::milliseconds wait) const;

 private:
  void read_more();
  std::string take_line();
  std::string take(std::size_t size);
  std::string take_chunked();

  std::string address_;
  std::string input_;
  int fd_ = -1;
};

}  // namespace scripted
