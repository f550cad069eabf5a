// Commands that speak to the Runtime API, but for the responses (commands_reply.cpp).

#include <algorithm>

#include "commands.hpp"
#include "player.hpp"
#include "text.hpp"

namespace scripted {

namespace {

void next_any(Player& player, const Arguments&, const Steps&) {
  player.link.open();
  player.link.send(player.get_head(k_next_path));
  player.take_next(player.link.read_reply());
}

void next(Player& player, const Arguments& none, const Steps& block) {
  next_any(player, none, block);
  if (player.last.status != 200) {
    throw Stop(k_exit_next, "next was answered with status " + std::to_string(player.last.status) +
                                ": " + player.last.body);
  }
}

void header(Player& player, const Arguments& arguments, const Steps&) {
  std::string value = arguments[1].text;
  if (value.starts_with('@')) value = std::string(parse_number(value.substr(1)), 'x');
  player.extra_headers.emplace_back(arguments[0].text, std::move(value));
}

void post_error(Player& player, const std::string& path, const std::string& type,
                const std::string& body) {
  if (type != "-") player.extra_headers.emplace_back("Lambda-Runtime-Function-Error-Type", type);
  player.post(path, body);
}

void error(Player& player, const Arguments& arguments, const Steps&) {
  post_error(player, player.error_path(player.event.id), arguments[0].text, arguments[1].text);
}

void error_id(Player& player, const Arguments& arguments, const Steps&) {
  post_error(player, player.error_path(arguments[0].text), arguments[1].text, arguments[2].text);
}

void init_error(Player& player, const Arguments& arguments, const Steps&) {
  post_error(player, "/2018-06-01/runtime/init/error", arguments[0].text, arguments[1].text);
}

void get(Player& player, const Arguments& arguments, const Steps&) {
  player.link.open();
  player.link.send(player.get_head(arguments[0].text));
  player.last = player.link.read_reply();
}

void post(Player& player, const Arguments& arguments, const Steps&) {
  player.post(arguments[0].text, arguments[1].text);
}

void raw(Player& player, const Arguments& arguments, const Steps&) {
  ++player.posts;
  player.link.open();
  player.link.send(arguments[0].text);
  player.last = player.link.read_reply();
}

void close_link(Player& player, const Arguments&, const Steps&) { player.link.close(); }

void open_second_next(Player& player, const Arguments&, const Steps&) {
  player.second.open();
  player.second.send(player.get_head(k_next_path));
}

void second_expect(Player& player, const Arguments& arguments, const Steps&) {
  player.last = player.second.read_reply();
  const auto wanted = static_cast<int>(arguments[0].number);
  if (player.last.status == wanted) return;
  throw Stop(k_exit_expectation, "the second connection should get status " +
                                     std::to_string(wanted) + ", but got " +
                                     std::to_string(player.last.status) + ": " + player.last.body);
}

void second_quiet(Player& player, const Arguments& arguments, const Steps&) {
  if (!player.second.readable_within(arguments[0].duration)) return;
  throw Stop(k_exit_expectation, "something came on the second connection, which should be quiet");
}

void second_close(Player& player, const Arguments&, const Steps&) { player.second.close(); }

// One step that the event steers: plays the commands under its key "do". Without that key, or if
// they post nothing, the event is echoed, so that no delivery is left unanswered by accident.
void obey(Player& player, const Arguments& none, const Steps& block) {
  next(player, none, block);
  const std::uint64_t posts_before = player.posts;
  if (const auto orders = json_text_member(player.event.body, "do")) {
    player.play(parse_lines("<event " + player.event.id + ">", split_at_semicolons(*orders)));
  }
  if (player.posts == posts_before) {
    player.post(player.response_path(player.event.id), player.event.body);
  }
}

const std::vector<Command> k_commands = {
    {"next", "", {}, next},
    {"next?", "", {}, next_any},
    {"obey", "", {}, obey},
    {"header", "NAME VALUE", {Kind::word, Kind::text}, header},
    {"error", "TYPE BODY", {Kind::word, Kind::text}, error},
    {"error-id", "ID TYPE BODY", {Kind::word, Kind::word, Kind::text}, error_id},
    {"init-error", "TYPE BODY", {Kind::word, Kind::text}, init_error},
    {"get", "PATH", {Kind::word}, get},
    {"post", "PATH TEXT", {Kind::word, Kind::text}, post},
    {"raw", "TEXT", {Kind::text}, raw},
    {"close", "", {}, close_link},
    {"open-second-next", "", {}, open_second_next},
    {"second-expect", "STATUS", {Kind::number}, second_expect},
    {"second-quiet", "DURATION", {Kind::duration}, second_quiet},
    {"second-close", "", {}, second_close},
};

}  // namespace

std::span<const Command> api_commands() { return k_commands; }

}  // namespace scripted
