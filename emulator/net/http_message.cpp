#include "emulator/net/http_message.hpp"

#include "emulator/base/append.hpp"

namespace coldframe::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool breaks_line(char c) { return c == '\r' || c == '\n' || c == '\0'; }

bool is_one_line(std::string_view text) {
  return text.find('\n') == text.npos && text.find('\r') == text.npos &&
         text.find('\0') == text.npos;
}

[[gnu::cold]] void append_without_breaks(std::string& out, std::string_view text) {
  for (char c : text) {
    if (!breaks_line(c)) out += c;
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

void Headers::add(std::string_view name, std::string_view value) {
  if (refs_.capacity() == 0) {
    refs_.reserve(12);
    text_.reserve(512);
  }
  Ref ref{};
  ref.name = static_cast<std::uint32_t>(text_.size());
  ref.name_size = static_cast<std::uint32_t>(name.size());
  append(text_, name);
  ref.value = static_cast<std::uint32_t>(text_.size());
  ref.value_size = static_cast<std::uint32_t>(value.size());
  append(text_, value);
  refs_.push_back(ref);
}

void Headers::assign(std::string_view text) {
  refs_.clear();
  refs_.reserve(12);
  text_.assign(text);
}

void Headers::add_view(std::string_view name, std::string_view value, std::string_view text) {
  refs_.push_back({static_cast<std::uint32_t>(name.data() - text.data()),
                   static_cast<std::uint32_t>(name.size()),
                   static_cast<std::uint32_t>(value.data() - text.data()),
                   static_cast<std::uint32_t>(value.size())});
}

std::string_view Headers::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < refs_.size(); ++i) {
    if (refs_[i].name_size == wanted.size() && iequals(name(i), wanted)) return value(i);
  }
  return {};
}

void Headers::clear() {
  constexpr std::size_t k_keep = 8 * 1024;
  if (text_.capacity() > k_keep) std::string().swap(text_);
  if (refs_.capacity() > k_keep / sizeof(Ref)) std::vector<Ref>().swap(refs_);
  text_.clear();
  refs_.clear();
}

void Request::clear() {
  method = Method::other;
  if (target.capacity() > 1024) std::string().swap(target);
  target.clear();
  keep_alive = true;
  chunked = false;
  headers.clear();
  trailers.clear();
  std::string().swap(body);
}

std::string_view Request::path() const {
  return std::string_view(target).substr(0, std::string_view(target).find('?'));
}

std::string_view Request::query() const {
  auto at = target.find('?');
  return at == std::string::npos ? std::string_view() : std::string_view(target).substr(at + 1);
}

Response& Response::field(std::string_view name, std::string_view value) {
  append(fields, name);
  append(fields, ": ");
  if (is_one_line(value)) {
    append(fields, value);
  } else {
    append_without_breaks(fields, value);
  }
  append(fields, "\r\n");
  return *this;
}

Response Response::json(int status, std::string body) {
  Response r;
  r.status = status;
  r.preset = "Content-Type: application/json\r\n";
  r.text = std::move(body);
  return r;
}

Response Response::plain(int status, std::string body) {
  Response r;
  r.status = status;
  r.preset = "Content-Type: text/plain; charset=utf-8\r\n";
  r.text = std::move(body);
  return r;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Request Entity Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2) {
      int high = hex_digit(text[i + 1]);
      int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace coldframe::http
