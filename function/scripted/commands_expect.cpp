// Commands that check the last reply or the current event. A failed check ends the program with
// exit code 66 and a sentence that shows what came instead.

#include "commands.hpp"
#include "player.hpp"
#include "text.hpp"

namespace scripted {

namespace {

[[noreturn]] void failed(const std::string& wanted, std::string_view got) {
  constexpr std::size_t k_shown = 600;
  throw Stop(k_exit_expectation, "expected " + wanted +
                                     ", but came: " + std::string(got.substr(0, k_shown)) +
                                     (got.size() > k_shown ? "…" : ""));
}

void expect(Player& player, const Arguments& arguments, const Steps&) {
  const auto wanted = static_cast<int>(arguments[0].number);
  if (player.last.status == wanted) return;
  failed("status " + std::to_string(wanted),
         std::to_string(player.last.status) + " " + player.last.body);
}

void expect_body(Player& player, const Arguments& arguments, const Steps&) {
  if (player.last.body.find(arguments[0].text) != std::string::npos) return;
  failed("a body with " + arguments[0].text, player.last.body);
}

void expect_event(Player& player, const Arguments& arguments, const Steps&) {
  if (player.event.body == arguments[0].text) return;
  failed("the event " + arguments[0].text, player.event.body);
}

void expect_header(Player& player, const Arguments& arguments, const Steps&) {
  const std::string* value = find_header(player.event.headers, arguments[0].text);
  if (value == nullptr) failed("the header " + arguments[0].text, "none of that name");
  if (*value != arguments[1].text) {
    failed("the header " + arguments[0].text + ": " + arguments[1].text, *value);
  }
}

void expect_no_header(Player& player, const Arguments& arguments, const Steps&) {
  const std::string* value = find_header(player.event.headers, arguments[0].text);
  if (value != nullptr) failed("no header " + arguments[0].text, *value);
}

const std::vector<Command> k_commands = {
    {"expect", "STATUS", {Kind::number}, expect},
    {"expect-body", "SUBSTRING", {Kind::text}, expect_body},
    {"expect-event", "TEXT", {Kind::text}, expect_event},
    {"expect-header", "NAME VALUE", {Kind::word, Kind::text}, expect_header},
    {"expect-no-header", "NAME", {Kind::word}, expect_no_header},
};

}  // namespace

std::span<const Command> expect_commands() { return k_commands; }

}  // namespace scripted
