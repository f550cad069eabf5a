#include "player.hpp"

#include <unistd.h>

#include <cstdlib>

#include "text.hpp"

namespace scripted {

namespace {

constexpr std::string_view k_invocation = "/2018-06-01/runtime/invocation/";

}  // namespace

void Player::play(const Steps& steps) {
  for (const Step& step : steps) {
    try {
      Arguments arguments = step.arguments;
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        const Kind kind = step.command->kinds[i];
        if (kind == Kind::word || kind == Kind::text) arguments[i].text = expand(arguments[i].text);
      }
      step.command->play(*this, arguments, step.block);
    } catch (const Stop& stop) {
      throw stop.at(step.place);
    }
  }
}

std::string Player::expand(std::string_view text) const {
  std::string out;
  while (true) {
    const auto begin = text.find("@{");
    out += text.substr(0, begin);
    if (begin == text.npos) return out;
    const auto end = text.find('}', begin);
    if (end == text.npos) throw Stop(k_exit_usage, "@{ has no }");
    const std::string name(text.substr(begin + 2, end - begin - 2));
    const auto after_colon = [&name] { return name.substr(name.find(':') + 1); };
    if (name == "id") {
      out += event.id;
    } else if (name == "event") {
      out += event.body;
    } else if (name == "count") {
      out += std::to_string(invokes);
    } else if (name == "pid") {
      out += std::to_string(getpid());
    } else if (name == "start") {
      out += std::to_string(starts);
    } else if (name == "grandchild") {
      out += std::to_string(grandchild);
    } else if (name.starts_with("header:")) {
      const std::string* value = find_header(event.headers, after_colon());
      out += value != nullptr ? *value : "";
    } else if (name.starts_with("env:")) {
      const char* value = std::getenv(after_colon().c_str());
      out += value != nullptr ? value : "";
    } else {
      throw Stop(k_exit_usage, "@{" + name + "} is not known");
    }
    text.remove_prefix(end + 1);
  }
}

void Player::take_next(Reply reply) {
  last = std::move(reply);
  if (last.status != 200) return;
  const std::string* id = find_header(last.headers, "Lambda-Runtime-Aws-Request-Id");
  if (id == nullptr) throw Stop(k_exit_next, "next came without Lambda-Runtime-Aws-Request-Id");
  if (*id != event.id) ++invokes;
  event = {.id = *id, .body = last.body, .headers = last.headers};
}

std::string Player::get_head(std::string_view path) const {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + link.address() + "\r\n\r\n";
}

std::string Player::take_post_head(std::string_view path, std::string_view framing,
                                   std::string_view more) {
  std::string head = "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + link.address() + "\r\n";
  if (find_header(extra_headers, "Content-Type") == nullptr) {
    head += "Content-Type: application/json\r\n";
  }
  for (const auto& [name, value] : extra_headers)
    head += name + ": " + value + "\r\n";
  extra_headers.clear();
  ++posts;
  return head.append(framing).append("\r\n").append(more).append("\r\n");
}

void Player::post(std::string_view path, std::string_view body) {
  const std::string framing = "Content-Length: " + std::to_string(body.size());
  link.open();
  link.send(take_post_head(path, framing).append(body));
  last = link.read_reply();
}

std::string Player::response_path(std::string_view id) {
  return std::string(k_invocation).append(id).append("/response");
}

std::string Player::error_path(std::string_view id) {
  return std::string(k_invocation).append(id).append("/error");
}

}  // namespace scripted
