// What Lambda forbids or lacks, found in what a function shows: the id of docs/violations.md and
// what to do about it.
//
//   explain_failure(read_evidence(R"({"errorType":"OSError",
//                       "errorMessage":"[Errno 30] Read-only file system: 'cache.db'"})", ""), {})
//   // {{"W1", "wrote outside /tmp: 'cache.db' is read-only on Lambda; write to /tmp"}}
//
// To be asked of failures alone: a function that copes with an error has none. Pure; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/limits.hpp"
#include "emulator/violations/evidence.hpp"
#include "emulator/violations/handler_place.hpp"

namespace coldframe {

// What the function ran in.
struct Circumstances {
  std::string sandbox = "none";  // "strict": as on Lambda
  std::string network = "host";  // "none": no way out
  int tmp_mb = limits::k_tmp_min_mb;
  int memory_mb = limits::k_memory_default_mb;
  std::string task_root{};           // what is /var/task on Lambda; absolute, empty: not known
  HandlerPlace handler{};            // as its runtime client is given it
  std::string program{};             // that is started: the first word of the entry point
  bool has_descriptor_files = true;  // /dev/fd, as the strict sandbox and most hosts have it
  std::optional<int> threads{};      // of all processes, at a timeout; nothing: not known
  // Whether the caller's own environment has a variable; null: not known.
  std::function<bool(const std::string&)> has_variable{};
  // Whether this host has such a path, and the function does not see it; null: it sees the host.
  std::function<bool(const std::string&)> is_on_host_only{};
};

struct Violation {
  std::string id;    // "W1"; empty: none of the catalogue's
  std::string text;  // one line, without the id
};

// At most one of an id, the error that was reported first, at most five.
std::vector<Violation> explain_failure(const Evidence& evidence, const Circumstances& in);

// What a library does worse on Lambda and says so, though the function works (W3, W6).
std::vector<Violation> explain_costs(std::string_view output);

}  // namespace coldframe
