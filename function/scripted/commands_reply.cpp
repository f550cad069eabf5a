// Commands that post a response: plain, generated, chunked, streamed, cut short, or byte by byte.

#include <unistd.h>

#include <thread>

#include "commands.hpp"
#include "player.hpp"
#include "text.hpp"

namespace scripted {

namespace {

constexpr std::string_view k_streaming = "Lambda-Runtime-Function-Response-Mode: streaming\r\n";
constexpr std::string_view k_declared_trailers =
    "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n";

std::string length_line(std::size_t size) { return "Content-Length: " + std::to_string(size); }

void respond_with(Player& player, std::string_view body) {
  player.post(player.response_path(player.event.id), body);
}

void respond(Player& player, const Arguments& arguments, const Steps&) {
  respond_with(player, arguments[0].text);
}

void respond_id(Player& player, const Arguments& arguments, const Steps&) {
  player.post(player.response_path(arguments[0].text), arguments[1].text);
}

void respond_size(Player& player, const Arguments& arguments, const Steps&) {
  if (arguments[0].number < 2) throw Stop(k_exit_usage, "a JSON string has at least 2 bytes");
  respond_with(player, '"' + std::string(arguments[0].number - 2, 'x') + '"');
}

void echo(Player& player, const Arguments&, const Steps&) {
  respond_with(player, player.event.body);
}

void respond_pid(Player& player, const Arguments&, const Steps&) {
  std::string body =
      "{\"pid\":" + std::to_string(getpid()) + ",\"count\":" + std::to_string(player.invokes);
  if (player.grandchild != 0) body += ",\"grandchild\":" + std::to_string(player.grandchild);
  respond_with(player, body + "}");
}

// Adds `"name":"value"` to a JSON object that is still open.
void add_member(std::string& object, std::string_view name, std::string_view value) {
  object += object.empty() ? '{' : ',';
  object.append(json_quote(name)).append(":").append(json_quote(value));
}

void dump_env(Player& player, const Arguments&, const Steps&) {
  std::string body;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != text.npos) add_member(body, text.substr(0, equals), text.substr(equals + 1));
  }
  respond_with(player, body.empty() ? "{}" : body + "}");
}

void dump_headers(Player& player, const Arguments&, const Steps&) {
  std::string body;
  for (const auto& [name, value] : player.event.headers)
    add_member(body, name, value);
  respond_with(player, body.empty() ? "{}" : body + "}");
}

void file_exists(Player& player, const Arguments& arguments, const Steps&) {
  respond_with(player, access(arguments[0].text.c_str(), F_OK) == 0 ? "true" : "false");
}

void send_chunk(Player& player, std::string_view data) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  player.link.send(std::string(size).append(data).append("\r\n"));
}

// Chunks that make up one JSON string: a quote, x…, a quote.
void respond_chunked(Player& player, const Arguments& arguments, const Steps&) {
  const std::uint64_t chunks = arguments[0].number;
  const std::uint64_t size = arguments[1].number;
  std::string_view flags = arguments[3].text;
  const bool streaming = flags.find("streaming ") != flags.npos;
  const bool trailers = flags.find("trailers ") != flags.npos;
  if (flags.size() != (streaming ? 10U : 0U) + (trailers ? 9U : 0U)) {
    throw Stop(k_exit_usage, "after DELAY_MS only the words streaming and trailers may stand");
  }
  if (chunks * size < 2) throw Stop(k_exit_usage, "a JSON string has at least 2 bytes");
  player.link.open();
  player.link.send(player.take_post_head(
      player.response_path(player.event.id), "Transfer-Encoding: chunked",
      std::string(streaming ? k_streaming : "").append(trailers ? k_declared_trailers : "")));
  for (std::uint64_t i = 0; i < chunks; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(arguments[2].number));
    std::string data(size, 'x');
    if (i == 0) data.front() = '"';
    if (i + 1 == chunks) data.back() = '"';
    send_chunk(player, data);
  }
  player.link.send(trailers ? "0\r\nLambda-Runtime-Function-Error-Type: \r\n"
                              "Lambda-Runtime-Function-Error-Body: \r\n\r\n"
                            : "0\r\n\r\n");
  player.last = player.link.read_reply();
}

void respond_stream_error(Player& player, const Arguments& arguments, const Steps&) {
  const std::string& type = arguments[0].text;
  const std::string error = "{\"errorMessage\":" + json_quote("stream ended by " + type) +
                            ",\"errorType\":" + json_quote(type) + "}";
  player.link.open();
  player.link.send(player.take_post_head(player.response_path(player.event.id),
                                         "Transfer-Encoding: chunked",
                                         std::string(k_streaming).append(k_declared_trailers)));
  if (!arguments[1].text.empty()) send_chunk(player, arguments[1].text);
  player.link.send("0\r\nLambda-Runtime-Function-Error-Type: " + type +
                   "\r\nLambda-Runtime-Function-Error-Body: " + base64(error) + "\r\n\r\n");
  player.last = player.link.read_reply();
}

// With the word `half`, only the sending side is closed, and the reply is read as `expect` wants.
void respond_truncated(Player& player, const Arguments& arguments, const Steps&) {
  const bool half = arguments[2].text == "half ";
  if (!half && !arguments[2].text.empty()) {
    throw Stop(k_exit_usage, "after SENT only the word half may stand");
  }
  player.link.open();
  player.link.send(player.take_post_head(player.response_path(player.event.id),
                                         length_line(arguments[0].number)));
  player.link.send(std::string(arguments[1].number, 'x'));
  player.last = {};
  if (half) {
    player.link.close_writing();
    player.last = player.link.read_reply();
  }
  player.link.close();
}

void respond_bytewise(Player& player, const Arguments& arguments, const Steps&) {
  const std::string request = player.take_post_head(player.response_path(player.event.id),
                                                    length_line(arguments[1].text.size())) +
                              arguments[1].text;
  player.link.open();
  for (const char& byte : request) {
    player.link.send(std::string_view(&byte, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(arguments[0].number));
  }
  player.last = player.link.read_reply();
}

// POST response and GET next in one write. `expect` then sees the reply to the POST.
void respond_pipelined(Player& player, const Arguments& arguments, const Steps&) {
  player.link.open();
  player.link.send(player.take_post_head(player.response_path(player.event.id),
                                         length_line(arguments[0].text.size())) +
                   arguments[0].text + player.get_head(k_next_path));
  const Reply accepted = player.link.read_reply();
  player.take_next(player.link.read_reply());
  if (player.last.status != 200) {
    throw Stop(k_exit_next, "the pipelined next was answered with status " +
                                std::to_string(player.last.status) + ": " + player.last.body);
  }
  player.last = accepted;
}

const std::vector<Command> k_commands = {
    {"respond", "TEXT", {Kind::text}, respond},
    {"respond-id", "ID TEXT", {Kind::word, Kind::text}, respond_id},
    {"respond-size", "BYTES", {Kind::size}, respond_size},
    {"echo", "", {}, echo},
    {"respond-pid", "", {}, respond_pid},
    {"dump-env", "", {}, dump_env},
    {"dump-headers", "", {}, dump_headers},
    {"file-exists", "PATH", {Kind::word}, file_exists},
    {"respond-chunked",
     "N_CHUNKS CHUNK_BYTES DELAY_MS [streaming] [trailers]",
     {Kind::number, Kind::size, Kind::number, Kind::words},
     respond_chunked},
    {"respond-stream-error", "TYPE TEXT", {Kind::word, Kind::text}, respond_stream_error},
    {"respond-truncated",
     "DECLARED SENT [half]",
     {Kind::size, Kind::size, Kind::words},
     respond_truncated},
    {"respond-bytewise", "DELAY_MS TEXT", {Kind::number, Kind::text}, respond_bytewise},
    {"respond-pipelined", "TEXT", {Kind::text}, respond_pipelined},
};

}  // namespace

std::span<const Command> reply_commands() { return k_commands; }

}  // namespace scripted
