// What the tests of explain_failure() share: error bodies as AWS's Python client posts them, and
// the ids and texts of what was found.
//
//   only(explain(body("OSError", "[Errno 28] No space left on device")))   // "W5: /tmp is full …"
//
// Stacks are from runs in a mount namespace that was made like Lambda's.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "emulator/violations/explain.hpp"

namespace coldframe {

inline std::string body(const std::string& type, const std::string& message,
                        const std::vector<std::string>& stack = {}) {
  return nlohmann::json{{"errorType", type}, {"errorMessage", message}, {"stackTrace", stack}}
      .dump();
}

inline Circumstances strict() {
  Circumstances in;
  in.sandbox = "strict";
  in.task_root = "/home/me/function";
  return in;
}

inline std::vector<std::string> ids(const std::vector<Violation>& found) {
  std::vector<std::string> out;
  for (const auto& one : found)
    out.push_back(one.id);
  return out;
}

inline std::vector<Violation> explain(const std::string& error_body, const std::string& output = "",
                                      const Circumstances& in = strict()) {
  return explain_failure(read_evidence(error_body, output), in);
}

// The text of the only violation, with its id.
inline std::string only(const std::vector<Violation>& found) {
  if (found.size() != 1) return "(" + std::to_string(found.size()) + " violations)";
  return found[0].id + ": " + found[0].text;
}

inline const std::vector<std::string> k_semlock_stack{
    "  File \"/var/task/app.py\", line 6, in handler\n    lock = multiprocessing.Lock()\n",
    "  File \"/usr/lib/python3.11/multiprocessing/synchronize.py\", line 57, in __init__\n    sl = "
    "self._semlock = _multiprocessing.SemLock(\n"};
inline const std::vector<std::string> k_environ_stack{
    "  File \"/var/task/app.py\", line 6, in handler\n    return os.environ[\"SCORING_TOKEN\"]\n",
    "  File \"<frozen os>\", line 679, in __getitem__\n"};
inline const std::vector<std::string> k_connect_stack{
    "  File \"/usr/lib/python3.11/socket.py\", line 836, in create_connection\n    "
    "sock.connect(sa)\n"};

struct Failure {
  const char* name;
  std::string body;
  std::string output;
  const char* id;
  const char* words;
};
inline void PrintTo(const Failure& failure, std::ostream* out) {
  *out << failure.body << failure.output;
}

}  // namespace coldframe
