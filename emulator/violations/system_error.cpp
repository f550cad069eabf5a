#include "emulator/violations/system_error.hpp"

#include <array>

namespace coldframe {
namespace {

using Kind = SystemErrorKind;
using Text = std::string_view;

// Without its first letter, which languages write small or large.
struct Phrase {
  Kind kind;
  Text text;
};
constexpr std::array<Phrase, 8> k_phrases{{
    {Kind::read_only, "ead-only file system"},
    {Kind::no_space, "o space left on device"},
    {Kind::no_access, "ermission denied"},
    {Kind::no_entry, "o such file or directory"},
    {Kind::no_function, "unction not implemented"},
    {Kind::too_many_files, "oo many open files"},
    {Kind::try_again, "esource temporarily unavailable"},
    {Kind::no_network, "etwork is unreachable"},
}};

Text line_before(Text text, std::size_t at) {
  const auto line = text.rfind('\n', at == 0 ? 0 : at - 1);
  return line == Text::npos || at == 0 ? text.substr(0, at) : text.substr(line + 1, at - line - 1);
}

bool begins_well(Text before, Text after) {
  if (before.empty()) return after.empty() || after.front() == '\n' || after.starts_with(" (os ");
  return before.ends_with(": ") || before.ends_with("] ") || before.ends_with("(") ||
         before.ends_with("message: \"");
}

bool ends_well(Text after) {
  if (after.empty() || after.starts_with(" (os error ") || after.starts_with(": '") ||
      after.starts_with(": \"") || after.starts_with(": b'")) {
    return true;
  }
  if (after.front() == '.') return after.size() == 1 || after[1] == ' ' || after[1] == '\n';
  // The end of a line, of a quotation, of brackets; Node.js goes on with what it did.
  return Text("\n\r)\"'>,\\").find(after.front()) != Text::npos;
}

Text until(Text text, char end) { return text.substr(0, text.find(end)); }

// The first thing in quotes; typographical ones are what coreutils write.
std::optional<Text> quoted(Text text) {
  for (const auto& [open, close] : {std::pair<Text, Text>{"‘", "’"}, {"'", "'"}, {"\"", "\""}}) {
    const auto begin = text.find(open);
    if (begin == Text::npos) continue;
    const auto end = text.find(close, begin + open.size());
    if (end != Text::npos) return text.substr(begin + open.size(), end - begin - open.size());
  }
  return std::nullopt;
}

bool looks_like_a_path(Text word) {
  return word.starts_with('/') || word.starts_with('~') || word.starts_with('.') ||
         word.find('/') != Text::npos;
}

// Of "open /a b/c", "cannot create /x", "touch: cannot touch '/x'", "/x", "cat: secret.txt".
std::string path_of_clause(Text before, Text clause) {
  if (auto name = quoted(clause)) return std::string(*name);
  if (const auto at = clause.find(" /"); at != Text::npos)
    return std::string(clause.substr(at + 1));
  const auto space = clause.rfind(' ');
  const Text last = space == Text::npos ? clause : clause.substr(space + 1);
  if (looks_like_a_path(last)) return std::string(last);
  for (const Text verb : {"open ", "mkdir ", "create ", "write ", "remove "}) {
    if (clause.starts_with(verb)) return std::string(clause.substr(verb.size()));
  }
  // "cat: secret.txt: …": a word of its own after a program's name, and a file's by its dot.
  const bool program = before.size() > clause.size() && space == Text::npos;
  return program && clause.find('.') != Text::npos ? std::string(clause) : "";
}

std::string find_path(Text before, Text after) {
  if (after.starts_with(": ")) {  // Python: ": '/x'", ": b'/x'"
    if (auto name = quoted(after)) return std::string(*name);
  }
  if (after.starts_with(", ")) {  // Node.js: ", open '/x'"
    if (auto name = quoted(until(after, '\n'))) return std::string(*name);
    return "";
  }
  Text clause;
  if (before.ends_with(" (")) {  // Java
    clause = before.substr(0, before.size() - 2);
  } else if (before.ends_with(": ")) {
    clause = before.substr(0, before.size() - 2);
  } else {
    return "";
  }
  const auto colon = clause.rfind(": ");
  return path_of_clause(before.substr(0, before.size() - 2),
                        colon == Text::npos ? clause : clause.substr(colon + 2));
}

std::optional<SystemError> find_phrase(Text text, const Phrase& phrase, std::size_t& found) {
  for (auto at = text.find(phrase.text); at != Text::npos; at = text.find(phrase.text, at + 1)) {
    if (at == 0) continue;
    const std::size_t start = at - 1;
    const Text before = line_before(text, start);
    const Text after = text.substr(at + phrase.text.size());
    if (!begins_well(before, after) || !ends_well(after)) continue;
    found = start;
    return SystemError{phrase.kind, find_path(before, after), std::string(before)};
  }
  return std::nullopt;
}

// Forms without the kernel's phrase.
std::optional<SystemError> find_other(Text text) {
  constexpr Text k_denied = "AccessDeniedException: /";
  if (const auto at = text.find(k_denied); at != Text::npos) {  // Java NIO
    Text path = text.substr(at + k_denied.size() - 1);
    path = path.substr(0, path.find_first_of("\r\n"));
    return SystemError{Kind::no_access, std::string(path), std::string(line_before(text, at))};
  }
  // Node.js: "spawnSync /bin/sh EMFILE"
  for (const auto& [code, kind] :
       {std::pair<Text, Kind>{" EMFILE", Kind::too_many_files}, {" EAGAIN", Kind::try_again}}) {
    const auto at = text.find(code);
    if (at == Text::npos) continue;
    const Text before = line_before(text, at);
    const Text after = text.substr(at + code.size());
    if (before.find("spawn") == Text::npos || !ends_well(after)) continue;
    return SystemError{kind, "", std::string(before)};
  }
  if (text.find("connect ENETUNREACH ") != Text::npos) return SystemError{Kind::no_network};
  return std::nullopt;
}

}  // namespace

std::optional<SystemError> find_system_error(std::string_view text) {
  std::optional<SystemError> first;
  std::size_t first_at = Text::npos;
  for (const auto& phrase : k_phrases) {
    std::size_t at = 0;
    auto error = find_phrase(text, phrase, at);
    if (!error || at >= first_at) continue;
    first = std::move(error);
    first_at = at;
  }
  return first ? first : find_other(text);
}

bool shows(std::string_view text, SystemErrorKind kind) {
  const auto error = find_system_error(text);
  return error && error->kind == kind;
}

}  // namespace coldframe
