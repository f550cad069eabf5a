// The rules behind explain_failure(), for the files that implement it alone. Each looks at one
// error and knows one kind of cause; the first that does names it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "emulator/violations/explain.hpp"
#include "emulator/violations/system_error.hpp"

namespace coldframe {

// One error: what was reported, or a line that was printed with the others as its stack.
struct ShownError {
  std::string_view type;
  std::string_view text;
  std::string_view stack;
  std::optional<SystemError> system{};  // in `text`
};

using Rule = std::optional<Violation> (*)(const ShownError& error, const Circumstances& in);

// library_rules.cpp: W3, W6
std::optional<Violation> library_cache(const ShownError& error, const Circumstances& in);
std::optional<Violation> shared_memory(const ShownError& error, const Circumstances& in);
// file_rules.cpp: W2, W8, W1, W4, W5
std::optional<Violation> home(const ShownError& error, const Circumstances& in);
std::optional<Violation> descriptor_files(const ShownError& error, const Circumstances& in);
std::optional<Violation> read_only_root(const ShownError& error, const Circumstances& in);
std::optional<Violation> unreadable_code(const ShownError& error, const Circumstances& in);
std::optional<Violation> full_tmp(const ShownError& error, const Circumstances& in);
// process_rules.cpp: W30, W9
std::optional<Violation> thread_pools(const ShownError& error, const Circumstances& in);
std::optional<Violation> descriptors(const ShownError& error, const Circumstances& in);
std::optional<Violation> threads(const ShownError& error, const Circumstances& in);
// start_rules.cpp: W12, W15, modules that are not there
std::optional<Violation> bad_handler(const ShownError& error, const Circumstances& in);
std::optional<Violation> missing_module(const ShownError& error, const Circumstances& in);
std::optional<Violation> missing_library(const ShownError& error, const Circumstances& in);
// answer_rules.cpp: W32, W34, W36, W38
std::optional<Violation> answer_no_json(const ShownError& error, const Circumstances& in);
std::optional<Violation> answer_too_large(const ShownError& error, const Circumstances& in);
std::optional<Violation> no_route(const ShownError& error, const Circumstances& in);
std::optional<Violation> missing_variable(const ShownError& error, const Circumstances& in);

// end_rules.cpp: W17, W21. Of a process that ended, in AWS's words: "… signal: killed".
std::optional<Violation> how_it_ended(std::string_view reason);

// A path for one line of a terminal: in quotes, its middle left out if it is long.
std::string shown_path(std::string_view path);
bool contains_any(std::string_view text, std::initializer_list<std::string_view> words);

}  // namespace coldframe
