// Drives a RequestParser over a whole byte stream the way a connection does, cut into any pieces,
// and keeps what came out. Shared by the unit tests and the fuzz target.
//
//   ParsedStream got = parse_stream(bytes, pieces_of(1), {.header = 4096, .body = 100});
//   EXPECT_EQ(got, parse_stream(bytes, whole(), …));      // the same, whatever the pieces
//
// Each piece lives in a heap block of exactly its size, so that AddressSanitizer sees an over-read.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/net/request_parser.hpp"

namespace coldframe::testing {

struct ParsedRequest {
  http::Method method = http::Method::other;
  std::string target;
  bool keep_alive = false;
  bool chunked = false;
  bool too_large = false;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> trailers;
  std::string body;
  bool operator==(const ParsedRequest&) const = default;
};

struct ParsedStream {
  std::vector<ParsedRequest> requests;
  int failure = 0;          // status of the refusal that ended it, 0 if none did
  bool unfinished = false;  // the stream ended inside a request
  std::string broken_rule;  // an invariant of the parser that did not hold; empty if all did
  bool operator==(const ParsedStream&) const = default;
};

inline void PrintTo(const ParsedStream& stream, std::ostream* out) {
  *out << stream.requests.size() << " requests, failure " << stream.failure
       << (stream.unfinished ? ", unfinished" : "") << ' ' << stream.broken_rule;
  for (const auto& r : stream.requests) {
    *out << "\n  " << static_cast<int>(r.method) << ' ' << r.target.substr(0, 60) << " headers "
         << r.headers.size() << " trailers " << r.trailers.size() << " body " << r.body.size()
         << (r.too_large ? " too large" : "");
  }
}

// The size of the next piece; at least 1.
using Cut = std::function<std::size_t()>;
inline Cut whole() {
  return [] { return static_cast<std::size_t>(-1); };
}
inline Cut pieces_of(std::size_t size) {
  return [size] { return size; };
}
// Pieces of pseudo-random sizes from 1 to `most`.
inline Cut random_pieces(unsigned seed, std::size_t most) {
  return [state = seed * 2654435761U + 1U, most]() mutable {
    state = state * 1664525U + 1013904223U;
    return 1 + (state >> 8) % most;
  };
}

struct StreamLimits {
  std::size_t header = 64 * 1024;
  std::size_t body = 1024 * 1024;
  bool direct = true;  // read large bodies in place where the parser offers room
};

class StreamDriver {
 public:
  explicit StreamDriver(StreamLimits limits) : limits_(limits), parser_(limits.header) {}

  ParsedStream run(std::string_view bytes, const Cut& next) {
    while (!bytes.empty() && out_.failure == 0 && out_.broken_rule.empty()) {
      const std::size_t size = std::min(bytes.size(), std::max<std::size_t>(next(), 1));
      const auto block = std::make_unique<char[]>(size);
      std::memcpy(block.get(), bytes.data(), size);
      bytes.remove_prefix(size);
      take({block.get(), size});
    }
    out_.unfinished = parser_.state() != http::RequestParser::State::head || started_;
    if (out_.failure != 0) out_.unfinished = false;
    return std::move(out_);
  }

 private:
  using State = http::RequestParser::State;

  void take(std::string_view piece) {
    while (!piece.empty() && out_.failure == 0 && out_.broken_rule.empty()) {
      started_ = started_ || piece.find_first_not_of("\r\n") != std::string_view::npos;
      std::size_t taken = 0;
      auto [room, room_size] = limits_.direct ? parser_.direct_space() : no_room();
      if (room_size > 0) {
        taken = std::min(room_size, piece.size());
        std::memcpy(room, piece.data(), taken);
        parser_.commit(taken);
      } else {
        taken = parser_.feed(piece);
      }
      if (taken > piece.size()) return broken("more was taken than offered");
      if (taken == 0 && parser_.state() != State::failed) {
        return broken("a piece was offered and none of it taken");
      }
      piece.remove_prefix(taken);
      follow();
    }
  }

  static std::pair<char*, std::size_t> no_room() { return {nullptr, 0}; }

  void follow() {
    if (parser_.state() == State::head_done) {
      parser_.body_limit(limits_.body);
      parser_.feed({});
      if (parser_.state() == State::head_done) return broken("a known limit did not move it on");
    }
    auto& request = parser_.request();
    if (request.body.size() > limits_.body) return broken("the body is over its limit");
    if (parser_.state() == State::failed) {
      out_.failure = parser_.failure_status();
      return;
    }
    if (parser_.state() != State::done) return;
    ParsedRequest done;
    done.method = request.method;
    done.target = request.target;
    done.keep_alive = request.keep_alive;
    done.chunked = request.chunked;
    done.too_large = parser_.body_too_large();
    copy(request.headers, done.headers);
    copy(request.trailers, done.trailers);
    if (!done.too_large) done.body = request.body;
    out_.requests.push_back(std::move(done));
    parser_.reset();
    started_ = false;
  }

  static void copy(const http::Headers& from,
                   std::vector<std::pair<std::string, std::string>>& to) {
    for (std::size_t i = 0; i < from.size(); ++i)
      to.emplace_back(from.name(i), from.value(i));
  }

  void broken(const char* rule) { out_.broken_rule = rule; }

  StreamLimits limits_;
  http::RequestParser parser_;
  ParsedStream out_;
  bool started_ = false;
};

inline ParsedStream parse_stream(std::string_view bytes, const Cut& next,
                                 StreamLimits limits = {}) {
  return StreamDriver(limits).run(bytes, next);
}

}  // namespace coldframe::testing
