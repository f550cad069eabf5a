#include "tests/support/stub_runtime.hpp"

#include <stdexcept>

namespace coldframe::testing {

std::string response_path(std::string_view id) {
  return "/2018-06-01/runtime/invocation/" + std::string(id) + "/response";
}

std::string error_path(std::string_view id) {
  return "/2018-06-01/runtime/invocation/" + std::string(id) + "/error";
}

void StubRuntime::ask_next() {
  link_.send(http_request("GET", k_next));
  asked_ = true;
}

HttpReply StubRuntime::next_reply() {
  if (!asked_) ask_next();
  asked_ = false;
  return link_.read_reply();
}

StubEvent StubRuntime::next() {
  StubEvent event{next_reply(), ""};
  if (event.reply.status != 200) {
    throw std::runtime_error("next was refused with " + std::to_string(event.reply.status) + ": " +
                             event.reply.body);
  }
  id_ = event.id = event.header("Lambda-Runtime-Aws-Request-Id");
  return event;
}

HttpReply StubRuntime::respond(std::string_view body, const HeaderList& headers) {
  return post(response_path(id_), body, headers);
}

HttpReply StubRuntime::error(std::string_view body, const HeaderList& headers) {
  return post(error_path(id_), body, headers);
}

HttpReply StubRuntime::init_error(std::string_view body, const HeaderList& headers) {
  return post(k_init_error, body, headers);
}

StubEvent StubRuntime::serve(std::string_view body) {
  StubEvent event = next();
  if (const auto reply = respond(body); reply.status != 202) {
    throw std::runtime_error("a response was refused with " + std::to_string(reply.status) + ": " +
                             reply.body);
  }
  ask_next();
  return event;
}

}  // namespace coldframe::testing
