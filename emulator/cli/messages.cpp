#include "emulator/cli/messages.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>

namespace coldframe::cli {
namespace {

constexpr int k_patience_ms = 1000;
bool told_to_end = false;

std::string labelled(const char* label, std::string_view text) {
  return std::string("coldframe: ") + label + one_line(text) + "\n";
}

}  // namespace

void print(std::string_view line) {
  if (!told_to_end) {
    std::fwrite(line.data(), 1, line.size(), stderr);
    return;
  }
  // What poll says is writable takes PIPE_BUF bytes without blocking.
  while (!line.empty()) {
    pollfd poll_for{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&poll_for, 1, k_patience_ms) <= 0) return;
    const ssize_t sent =
        ::write(STDERR_FILENO, line.data(), std::min<std::size_t>(line.size(), PIPE_BUF));
    if (sent < 0 && errno != EINTR) return;
    if (sent > 0) line.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string one_line(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      constexpr char digits[] = "0123456789abcdef";
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  constexpr std::size_t longest = 400;
  if (out.size() > longest) {
    auto is_tail = [&](std::size_t at) {
      return (static_cast<unsigned char>(out[at]) & 0xC0) == 0x80;
    };
    std::size_t head = longest / 2;
    std::size_t tail = out.size() - longest / 2;
    while (head > 0 && is_tail(head))
      --head;
    while (tail < out.size() && is_tail(tail))
      ++tail;
    out = out.substr(0, head) + "…" + out.substr(tail);
  }
  return out;
}

void end_without_waiting_for_stderr() { told_to_end = true; }

std::string note_line(std::string_view text) { return labelled("note: ", text); }
std::string warning_line(std::string_view text) { return labelled("warning: ", text); }

int fail(const Error& error) {
  print(labelled("", error.message));
  return static_cast<int>(error.code);
}

void note(std::string_view text) { print(note_line(text)); }
void warn(std::string_view text) { print(warning_line(text)); }

}  // namespace coldframe::cli
