// The state of a playing dialogue: the connection, the current event and the last reply.
//
//   Player player("127.0.0.1:9001");
//   player.play(parse_file("echo.txt"));
//
// Commands (commands_*.cpp) are free functions over this state. A failure throws Stop.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_link.hpp"
#include "script.hpp"

namespace scripted {

// The last delivery that `next` brought.
struct Event {
  std::string id;
  std::string body;
  Headers headers;
};

class Player {
 public:
  explicit Player(const std::string& address) : link(address), second(address) {}

  void play(const Steps& steps);

  // Replaces @{id}, @{event}, @{count}, @{pid}, @{start}, @{grandchild}, @{header:NAME} and
  // @{env:NAME} by their present values.
  [[nodiscard]] std::string expand(std::string_view text) const;

  // Takes a reply to GET next: remembers it, and the event if its status is 200.
  void take_next(Reply reply);

  // Sends a POST with the headers collected by `header`, reads its reply into `last`.
  void post(std::string_view path, std::string_view body);

  // The head of a POST, up to and with the empty line. Uses up the collected headers. `framing` is
  // the header line that says how the body ends; `more` adds lines.
  std::string take_post_head(std::string_view path, std::string_view framing,
                             std::string_view more = {});
  [[nodiscard]] std::string get_head(std::string_view path) const;
  [[nodiscard]] static std::string response_path(std::string_view id);
  [[nodiscard]] static std::string error_path(std::string_view id);

  Link link;
  Link second;  // the connection of open-second-next
  Event event;
  Reply last;
  Headers extra_headers;      // by `header`, for the next POST
  std::uint64_t invokes = 0;  // different events delivered to this process
  std::uint64_t starts = 0;   // by starts-in
  std::uint64_t posts = 0;    // attempts to answer, for `obey`
  pid_t grandchild = 0;       // of fork-grandchild and fork-daemon
};

inline constexpr std::string_view k_next_path = "/2018-06-01/runtime/invocation/next";

}  // namespace scripted
