// One HTTP/1.1 request and response as the rooms above see them; no I/O, no Beast.
//
//   if (request.headers.find("X-Amz-Log-Type") == "Tail") …
//   exchange->reply(Response::json(202, "{\"status\":\"OK\"}\n"));
//
// Header names compare without regard to case. Values come from strangers: Response drops CR, LF
// and NUL from what it is given, so that no value can start a header of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coldframe::http {

bool iequals(std::string_view a, std::string_view b);

class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  // All of them at once: `text`, a part of which each add_view() names.
  void assign(std::string_view text);
  void add_view(std::string_view name, std::string_view value, std::string_view text);
  // The first value with this name; a view with data() == nullptr if there is none.
  std::string_view find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name).data() != nullptr; }
  std::size_t size() const { return refs_.size(); }
  std::string_view name(std::size_t i) const { return view(refs_[i].name, refs_[i].name_size); }
  std::string_view value(std::size_t i) const { return view(refs_[i].value, refs_[i].value_size); }
  void clear();

 private:
  struct Ref {
    std::uint32_t name, name_size, value, value_size;
  };
  std::string_view view(std::uint32_t at, std::uint32_t size) const {
    return std::string_view(text_).substr(at, size);
  }
  std::string text_;
  std::vector<Ref> refs_;
};

enum class Method { get, post, put, head, del, options, other };

struct Request {
  Method method = Method::other;
  std::string target;  // as sent, not percent-decoded
  bool keep_alive = true;
  bool chunked = false;
  Headers headers;
  Headers trailers;  // of a chunked body
  std::string body;  // with at least k_body_padding bytes of capacity behind it

  void clear();                    // keeps the room its headers have taken
  std::string_view path() const;   // target without the query
  std::string_view query() const;  // what follows '?', empty if nothing
};

// Room that a JSON parser may read behind the body without owning it.
inline constexpr std::size_t k_body_padding = 64;

enum class BodyState {
  complete,
  truncated,  // the connection ended inside the body
  too_large,  // longer than the limit that on_head() set; the rest is read and dropped
};

struct Response {
  int status = 200;
  std::string_view preset;                    // header lines that live as long as the program
  std::string fields;                         // header lines, each with CR LF
  std::string text;                           // body, if `shared` is empty
  std::shared_ptr<const std::string> shared;  // body shared with somebody else
  bool close = false;
  bool announce_keep_alive = false;  // says `Connection: keep-alive`, unless it closes

  Response& field(std::string_view name, std::string_view value);
  std::string_view body() const {
    return shared ? std::string_view(*shared) : std::string_view(text);
  }

  static Response json(int status, std::string body);
  static Response plain(int status, std::string body);
};

std::string_view reason_phrase(int status);
// An empty text with the room of an earlier reply's, for `fields`. I/O thread only.
std::string spare_fields();
std::string percent_decode(std::string_view text);  // invalid escapes stay as they are

}  // namespace coldframe::http
