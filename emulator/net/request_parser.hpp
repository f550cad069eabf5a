// Turns bytes into Requests, one after the other. Pure: no socket, no clock; what the fuzzer
// drives.
//
//   parser.feed(bytes)  → how many were taken; look at state() after each call
//
// Accepts what real clients send: header lines of 1 MiB and more, a repeated equal Content-Length,
// chunked bodies with trailers, any split of the bytes. Refuses what is ambiguous: differing
// lengths, Content-Length beside chunked. Built on Beast's basic_parser, because its stock
// request_parser throws on a header value of more than 65 535 bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "emulator/net/http_message.hpp"

namespace coldframe::http {

class RequestParser {
 public:
  enum class State {
    head,       // the header section is not complete
    head_done,  // just completed: set body_limit(), then feed on (also with nothing)
    body,       // reading (or dropping) the body
    done,       // the request is complete
    failed,     // not HTTP, or over the header limit: answer failure_status() and close
  };

  // `header_limit` in bytes, request line included.
  explicit RequestParser(std::size_t header_limit);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Starts over with an empty request of its own.
  void reset();
  // Writes to `request`, an empty one that must live until reset(), instead of to its own.
  // Precondition: nothing was fed since reset().
  void into(Request& request) { into_ = &request; }
  std::size_t feed(std::string_view bytes);
  State state() const { return state_; }
  int failure_status() const { return failure_status_; }

  // Bytes of body beyond this are counted and dropped, and body_too_large() becomes true.
  void body_limit(std::size_t bytes) { body_limit_ = bytes; }
  bool body_too_large() const { return too_large_; }
  // Bytes of the body that were dropped so far.
  std::size_t dropped() const { return dropped_; }
  // Bytes kept of a header section, chunk head or trailer section that is not complete yet, and of
  // the request's head if that was a large one.
  std::size_t kept() const { return pending_.size() + large_head_; }
  // Declared bytes still to come; 0 for a chunked body.
  std::size_t remaining() const { return remaining_; }

  // For a large plain body: room to read into directly; then tell with commit() how much came.
  // Empty when feed() must be used.
  std::pair<char*, std::size_t> direct_space();
  void commit(std::size_t bytes);

  Request& request() { return *into_; }

 private:
  class Beast;
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_plain(std::string_view bytes);
  std::size_t feed_chunked(std::string_view bytes);
  void parse_head(std::string_view section);
  void fail(int status);
  void append_body(std::string_view bytes);

  std::size_t header_limit_;
  std::size_t body_limit_ = 0;
  std::size_t remaining_ = 0;
  std::size_t dropped_ = 0;
  std::size_t direct_base_ = 0;
  std::size_t large_head_ = 0;
  State state_ = State::head;
  int failure_status_ = 400;
  bool too_large_ = false;
  bool in_trailer_ = false;
  bool chunk_head_seen_ = false;
  std::string pending_;  // an incomplete header section or chunk head
  std::unique_ptr<Beast> beast_;
  Request own_;
  Request* into_ = &own_;
};

}  // namespace coldframe::http
