#include "emulator/net/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>

namespace coldframe::http {
namespace beast = boost::beast;

namespace {

constexpr std::size_t k_direct_threshold = 32 * 1024;
constexpr std::size_t k_direct_step = 256 * 1024;

Method to_method(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get: return Method::get;
    case beast::http::verb::post: return Method::post;
    case beast::http::verb::put: return Method::put;
    case beast::http::verb::head: return Method::head;
    case beast::http::verb::delete_: return Method::del;
    case beast::http::verb::options: return Method::options;
    default: return Method::other;
  }
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
    owner_.request_.method = to_method(method);
    owner_.request_.target.assign(target.data(), target.size());
  }
  void on_response_impl(int, View, int, beast::error_code&) override {}
  void on_field_impl(beast::http::field, View name, View value, beast::error_code&) override {
    (owner_.in_trailer_ ? owner_.request_.trailers : owner_.request_.headers)
        .add(view(name), view(value));
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(View body, beast::error_code&) override {
    owner_.append_body(view(body));
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, View, beast::error_code&) override {
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
  request_ = Request();
  pending_.clear();
  if (pending_.capacity() > 16 * 1024) pending_.shrink_to_fit();
  beast_.reset();
  state_ = State::head;
  body_limit_ = remaining_ = direct_base_ = 0;
  too_large_ = in_trailer_ = false;
}

std::size_t RequestParser::feed(std::string_view bytes) {
  switch (state_) {
    case State::head: return feed_head(bytes);
    case State::head_done:
      if (!request_.chunked && remaining_ == 0) {
        state_ = State::done;
        return 0;
      }
      state_ = State::body;
      if (!request_.chunked) {
        too_large_ = remaining_ > body_limit_;
        if (!too_large_) request_.body.reserve(remaining_ + k_body_padding);
      }
      [[fallthrough]];
    case State::body: return request_.chunked ? feed_chunked(bytes) : feed_plain(bytes);
    case State::done:
    case State::failed: return 0;
  }
  return 0;
}

std::size_t RequestParser::feed_head(std::string_view bytes) {
  if (bytes.empty()) return 0;
  if (!beast_) {
    // Empty lines before a request line are to be ignored (RFC 9112 §2.2).
    std::size_t skipped = 0;
    while (pending_.empty() && skipped < bytes.size() &&
           (bytes[skipped] == '\r' || bytes[skipped] == '\n')) {
      ++skipped;
    }
    if (skipped == bytes.size()) return skipped;
    if (skipped > 0) return skipped + feed_head(bytes.substr(skipped));
    beast_ = std::make_unique<Beast>(*this);
  }
  // Without a line end nothing can have been completed: keep the bytes, do not scan again.
  const bool fresh = pending_.empty();
  const std::size_t before = pending_.size();
  std::string_view input = bytes;
  if (!fresh || bytes.find('\n') == std::string_view::npos) {
    const std::size_t room = header_limit_ + 4 - std::min(header_limit_, before);
    pending_.append(bytes.substr(0, room));
    if (bytes.find('\n') == std::string_view::npos && pending_.size() <= header_limit_) {
      return bytes.size();
    }
    input = pending_;
  }
  beast::error_code error;
  std::size_t used = beast_->put(boost::asio::buffer(input.data(), input.size()), error);
  if (error && error != beast::http::error::need_more) {
    state_ = State::failed;
    failure_status_ = error == beast::http::error::header_limit ? 431 : 400;
    return bytes.size();
  }
  if (!beast_->is_header_done()) {
    if (fresh && input.data() == bytes.data()) {
      pending_.assign(bytes.substr(used));
    } else {
      pending_.erase(0, used);
    }
    if (pending_.size() > header_limit_) {
      state_ = State::failed;
      failure_status_ = 431;
    }
    return bytes.size();
  }
  const std::size_t taken = input.data() == bytes.data() ? used : used - before;
  pending_.clear();
  on_head_complete();
  return taken;
}

void RequestParser::on_head_complete() {
  state_ = State::head_done;
  request_.keep_alive = beast_->keep_alive();
  request_.chunked = beast_->chunked();
  if (auto length = beast_->content_length(); length && !request_.chunked) {
    remaining_ = static_cast<std::size_t>(*length);
  }
}

void RequestParser::append_body(std::string_view bytes) {
  if (too_large_) return;
  if (request_.body.size() + bytes.size() > body_limit_) {
    too_large_ = true;
    std::string().swap(request_.body);
    return;
  }
  const std::size_t wanted = request_.body.size() + bytes.size() + k_body_padding;
  if (request_.body.capacity() < wanted) request_.body.reserve(std::max(wanted, 2 * request_.body.capacity()));
  request_.body.append(bytes);
}

std::size_t RequestParser::feed_plain(std::string_view bytes) {
  const std::size_t taken = std::min(bytes.size(), remaining_);
  if (!too_large_) request_.body.append(bytes.substr(0, taken));
  remaining_ -= taken;
  if (remaining_ == 0) state_ = State::done;
  return taken;
}

std::size_t RequestParser::feed_chunked(std::string_view bytes) {
  std::size_t before = pending_.size();
  std::string_view input = bytes;
  if (before > 0) {
    pending_.append(bytes);
    input = pending_;
  }
  std::size_t used = 0;
  beast::error_code error;
  while (used < input.size() && !beast_->is_done()) {
    std::size_t n = beast_->put(boost::asio::buffer(input.data() + used, input.size() - used), error);
    used += n;
    if (error == beast::http::error::need_more) break;
    if (error) {
      state_ = State::failed;
      failure_status_ = 400;
      return bytes.size();
    }
    if (n == 0) break;
  }
  if (beast_->is_done()) {
    pending_.clear();
    state_ = State::done;
    return used - std::min(used, before);
  }
  std::string rest(input.substr(used));
  pending_ = std::move(rest);
  if (pending_.size() > header_limit_) state_ = State::failed;  // a chunk head without end
  return bytes.size();
}

std::pair<char*, std::size_t> RequestParser::direct_space() {
  if (state_ != State::body || request_.chunked || too_large_ || remaining_ < k_direct_threshold) {
    return {nullptr, 0};
  }
  // In steps, so that the zeros that resize() writes are still in the cache when they are replaced.
  const std::size_t step = std::min(remaining_, k_direct_step);
  direct_base_ = request_.body.size();
  request_.body.resize(direct_base_ + step);
  return {request_.body.data() + direct_base_, step};
}

void RequestParser::commit(std::size_t bytes) {
  request_.body.resize(direct_base_ + bytes);
  remaining_ -= bytes;
  if (remaining_ == 0) state_ = State::done;
}

}  // namespace coldframe::http
