#include "emulator/net/plain_head.hpp"

#include <array>

namespace coldframe::http {
namespace {

// RFC 9110 §5.6.2: what a header's name may consist of.
constexpr auto k_token = [] {
  std::array<bool, 128> table{};
  for (char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

bool is_token(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code < k_token.size() && k_token[code];
}

// Headers that change how the rest is read.
bool is_special(std::string_view name) {
  switch (name.size()) {
    case 7:
      return iequals(name, "Upgrade");
    case 10:
      return iequals(name, "Connection");
    case 16:
      return iequals(name, "Proxy-Connection");
    case 17:
      return iequals(name, "Transfer-Encoding");
    default:
      return false;
  }
}

// At most 15 digits: no overflow, and far beyond any limit.
std::optional<std::size_t> read_length(std::string_view digits) {
  if (digits.empty() || digits.size() > 15) return std::nullopt;
  std::size_t value = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::size_t>(c - '0');
  }
  return value;
}

// What is left of a section to be read. It ends with an empty line, so nothing runs past its end.
class Section {
 public:
  explicit Section(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool read_start(Request& request) {
    if (skip("GET ")) {
      request.method = Method::get;
    } else if (skip("POST ")) {
      request.method = Method::post;
    } else {
      return false;
    }
    if (*at_ != '/') return false;
    const char* begin = at_;
    while (*at_ > ' ' && *at_ < 0x7f)
      ++at_;
    request.target.assign(begin, at_);
    return skip(" HTTP/1.1\r\n");
  }
  bool read_name(std::string_view& name) {
    const char* begin = at_;
    while (is_token(*at_))
      ++at_;
    name = {begin, at_};
    return at_ != begin && *at_++ == ':';
  }
  bool read_value(std::string_view& value) {
    while (*at_ == ' ' || *at_ == '\t')
      ++at_;
    const char* begin = at_;
    while (*at_ >= ' ' && *at_ < 0x7f)
      ++at_;
    const char* end = at_;
    while (end != begin && end[-1] == ' ')
      --end;
    value = {begin, end};
    return skip("\r\n");
  }
  bool at_empty_line() const { return at_ + 2 == end_; }

 private:
  bool skip(std::string_view text) {
    if (!std::string_view(at_, end_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  const char* at_;
  const char* end_;
};

bool read(std::string_view text, Request& request, std::size_t& length) {
  Section section(text);
  if (!section.read_start(request)) return false;
  request.headers.assign(text);
  bool has_length = false;
  while (!section.at_empty_line()) {
    std::string_view name;
    std::string_view value;
    if (!section.read_name(name) || is_special(name) || !section.read_value(value)) return false;
    if (name.size() == 14 && iequals(name, "Content-Length")) {
      const auto read = read_length(value);
      if (!read || has_length) return false;
      length = *read;
      has_length = true;
    }
    request.headers.add_view(name, value, text);
  }
  return true;
}

}  // namespace

std::optional<std::size_t> read_plain_head(std::string_view section, Request& request) {
  std::size_t length = 0;
  if (read(section, request, length)) return length;
  request.clear();
  return std::nullopt;
}

}  // namespace coldframe::http
