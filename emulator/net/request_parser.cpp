#include "emulator/net/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <memory>
#include <utility>

#include "emulator/net/plain_head.hpp"

namespace coldframe::http {
namespace beast = boost::beast;

namespace {

constexpr std::size_t k_direct_threshold = 32 * 1024;
constexpr std::size_t k_direct_step = 256 * 1024;
constexpr std::size_t k_small_head = 8 * 1024;  // hardly more than an idle connection costs

Method to_method(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Method::get;
    case beast::http::verb::post:
      return Method::post;
    case beast::http::verb::put:
      return Method::put;
    case beast::http::verb::head:
      return Method::head;
    case beast::http::verb::delete_:
      return Method::del;
    case beast::http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

// A line feed without its carriage return at or after `from`: no section end will ever be seen.
bool has_bare_line_feed(std::string_view text, std::size_t from) {
  for (auto at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') return true;
  }
  return false;
}

// "http://host:1/path?query", as to a proxy, means "/path?query" (RFC 9112 §3.2.2).
void to_origin_form(std::string& target) {
  const std::size_t scheme = target.find("://");
  if (scheme == std::string::npos) return;
  const auto name = std::string_view(target).substr(0, scheme);
  if (!iequals(name, "http") && !iequals(name, "https")) return;
  const std::size_t host = scheme + 3;
  const std::size_t end = std::min(target.find_first_of("/?", host), target.size());
  if (end == host) return;  // no host: not that form
  target.erase(0, end);
  if (target.empty() || target.front() == '?') target.insert(0, 1, '/');
}

}  // namespace

class RequestParser::Beast final : public beast::http::basic_parser<true> {
 public:
  explicit Beast(RequestParser& owner) : owner_(owner) {
    header_limit(static_cast<std::uint32_t>(owner.header_limit_));
    body_limit(boost::none);
    eager(false);
  }

 private:
  using View = beast::string_view;
  static std::string_view view(View v) { return {v.data(), v.size()}; }

  void on_request_impl(beast::http::verb method, View, View target, int,
                       beast::error_code&) override {
    owner_.request().method = to_method(method);
    owner_.request().target.assign(target.data(), target.size());
  }
  void on_response_impl(int, View, int, beast::error_code&) override {}
  void on_field_impl(beast::http::field, View name, View value, beast::error_code&) override {
    (owner_.in_trailer_ ? owner_.request().trailers : owner_.request().headers)
        .add(view(name), view(value));
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(View body, beast::error_code&) override {
    owner_.append_body(view(body));
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, View, beast::error_code&) override {
    owner_.chunk_head_seen_ = true;
    if (size == 0) owner_.in_trailer_ = true;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View body, beast::error_code&) override {
    owner_.append_body(view(body));
    return body.size();
  }
  void on_finish_impl(beast::error_code&) override {}

  RequestParser& owner_;
};

RequestParser::RequestParser(std::size_t header_limit) : header_limit_(header_limit) { reset(); }
RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  if (into_ == &own_) own_.clear();
  into_ = &own_;
  pending_.clear();
  if (pending_.capacity() > 16 * 1024) pending_.shrink_to_fit();
  state_ = State::head;
  body_limit_ = remaining_ = dropped_ = direct_base_ = large_head_ = 0;
  too_large_ = in_trailer_ = chunk_head_seen_ = false;
}

std::size_t RequestParser::feed(std::string_view bytes) {
  switch (state_) {
    case State::head:
      return feed_head(bytes);
    case State::head_done:
      if (!into_->chunked && remaining_ == 0) {
        state_ = State::done;
        return 0;
      }
      state_ = State::body;
      if (!into_->chunked) {
        too_large_ = remaining_ > body_limit_;
        if (!too_large_) into_->body.reserve(remaining_ + k_body_padding);
      }
      [[fallthrough]];
    case State::body:
      return into_->chunked ? feed_chunked(bytes) : feed_plain(bytes);
    case State::done:
    case State::failed:
      return 0;
  }
  return 0;
}

// Collects the header section whole and parses it in one go: its size is then what it is, however
// the bytes were cut, and no byte is looked at twice.
std::size_t RequestParser::feed_head(std::string_view bytes) {
  std::size_t skipped = 0;
  if (pending_.empty()) {
    // Empty lines before a request line are to be ignored (RFC 9112 §2.2).
    while (skipped < bytes.size() && (bytes[skipped] == '\r' || bytes[skipped] == '\n'))
      ++skipped;
    bytes.remove_prefix(skipped);
    if (bytes.empty()) return skipped;
    const auto first = static_cast<unsigned char>(bytes.front());
    if (first <= ' ' || first >= 0x7f) {  // a TLS hello, for one
      fail(400);
      return skipped;
    }
    const auto end = bytes.find("\r\n\r\n");
    if (end != std::string_view::npos && end + 4 <= header_limit_) {
      parse_head(bytes.substr(0, end + 4));
      return skipped + end + 4;
    }
  }
  const std::size_t before = pending_.size();
  pending_.append(bytes.substr(0, header_limit_ + 1 - before));
  const std::size_t from = before > 3 ? before - 3 : 0;
  const auto end = pending_.find("\r\n\r\n", from);
  if (end != std::string::npos && end + 4 <= header_limit_) {
    std::string section = std::move(pending_);
    pending_.clear();
    section.resize(end + 4);
    parse_head(section);
    return skipped + end + 4 - before;
  }
  if (has_bare_line_feed(pending_, from)) {
    fail(400);
  } else if (pending_.size() > header_limit_) {
    fail(431);
  }
  return skipped + bytes.size();
}

void RequestParser::parse_head(std::string_view section) {
  if (section.size() > k_small_head) large_head_ = section.size();
  if (const auto length = read_plain_head(section, *into_)) {
    remaining_ = *length;
    state_ = State::head_done;
    return;
  }
  if (beast_) {
    std::destroy_at(beast_.get());  // it starts over only by being made anew
    std::construct_at(beast_.get(), *this);
  } else {
    beast_ = std::make_unique<Beast>(*this);
  }
  beast::error_code error;
  beast_->put(boost::asio::buffer(section.data(), section.size()), error);
  if (error || !beast_->is_header_done()) return fail(400);
  state_ = State::head_done;
  to_origin_form(into_->target);
  into_->keep_alive = beast_->keep_alive();
  into_->chunked = beast_->chunked();
  // Any other coding would leave the end of the body to guesswork (RFC 9112 §6.3).
  if (!into_->chunked && into_->headers.contains("Transfer-Encoding")) return fail(400);
  if (auto length = beast_->content_length(); length && !into_->chunked) {
    remaining_ = static_cast<std::size_t>(*length);
  }
}

void RequestParser::fail(int status) {
  state_ = State::failed;
  failure_status_ = status;
}

void RequestParser::append_body(std::string_view bytes) {
  if (too_large_ || into_->body.size() + bytes.size() > body_limit_) {
    too_large_ = true;
    dropped_ += bytes.size();
    std::string().swap(into_->body);
    return;
  }
  const std::size_t wanted = into_->body.size() + bytes.size() + k_body_padding;
  if (into_->body.capacity() < wanted)
    into_->body.reserve(std::max(wanted, 2 * into_->body.capacity()));
  into_->body.append(bytes);
}

std::size_t RequestParser::feed_plain(std::string_view bytes) {
  const std::size_t taken = std::min(bytes.size(), remaining_);
  if (too_large_) {
    dropped_ += taken;
  } else {
    into_->body.append(bytes.substr(0, taken));
  }
  remaining_ -= taken;
  if (remaining_ == 0) state_ = State::done;
  return taken;
}

std::size_t RequestParser::feed_chunked(std::string_view bytes) {
  // So much waits only when it is a chunk head or a trailer section, and those end with a line.
  constexpr std::size_t k_surely_a_head = 1024;
  const std::size_t before = pending_.size();
  std::string_view input = bytes;
  if (before > 0) {
    pending_.append(bytes);
    input = pending_;
    if (before >= k_surely_a_head && bytes.find('\n') == bytes.npos) {
      if (pending_.size() > header_limit_) fail(400);
      return bytes.size();
    }
  }
  std::size_t used = 0;
  beast::error_code error;
  // Beast asserts that it sees the five bytes of a last chunk at once; at least as many are still
  // to come as long as the body is not complete.
  while (input.size() - used >= 5 && !beast_->is_done()) {
    std::size_t n =
        beast_->put(boost::asio::buffer(input.data() + used, input.size() - used), error);
    used += n;
    // A chunk head, or the last one with its trailers; together they come in one put.
    if (std::exchange(chunk_head_seen_, false) && n > header_limit_) {
      fail(400);
      return bytes.size();
    }
    if (error == beast::http::error::need_more) break;
    if (error) {
      fail(400);
      return bytes.size();
    }
    if (n == 0) break;
  }
  if (beast_->is_done()) {
    pending_.clear();
    state_ = State::done;
    return used - std::min(used, before);
  }
  if (before > 0) {
    pending_.erase(0, used);
  } else {
    pending_.assign(bytes.substr(used));
  }
  if (pending_.size() > header_limit_) fail(400);  // a chunk head without end
  return bytes.size();
}

std::pair<char*, std::size_t> RequestParser::direct_space() {
  if (state_ != State::body || into_->chunked || too_large_ || remaining_ < k_direct_threshold) {
    return {nullptr, 0};
  }
  // In steps, so that the zeros that resize() writes are still in the cache when they are replaced.
  const std::size_t step = std::min(remaining_, k_direct_step);
  direct_base_ = into_->body.size();
  into_->body.resize(direct_base_ + step);
  return {into_->body.data() + direct_base_, step};
}

void RequestParser::commit(std::size_t bytes) {
  into_->body.resize(direct_base_ + bytes);
  remaining_ -= bytes;
  if (remaining_ == 0) state_ = State::done;
}

}  // namespace coldframe::http
