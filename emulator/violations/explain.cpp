#include "emulator/violations/explain.hpp"

#include <algorithm>

#include "emulator/violations/rules.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_most = 5;
constexpr std::size_t k_longest_path = 100;

// What says more comes first: a cache in a read-only directory is W3, not W1.
constexpr Rule k_rules[] = {library_cache,    shared_memory,  home,           descriptor_files,
                            unreadable_code,  read_only_root, full_tmp,       thread_pools,
                            descriptors,      threads,        answer_no_json, no_route,
                            missing_variable, bad_handler,    missing_module, missing_library,
                            answer_too_large};

void add(std::vector<Violation>& found, std::optional<Violation> violation) {
  if (!violation || found.size() >= k_most) return;
  const bool known = std::any_of(found.begin(), found.end(),
                                 [&](const auto& one) { return one.id == violation->id; });
  if (!known) found.push_back(std::move(*violation));
}

std::optional<Violation> judge(ShownError error, const Circumstances& in) {
  error.system = find_system_error(error.text);
  // Java NIO's message is the path alone.
  if (!error.system && error.type == "java.nio.file.AccessDeniedException") {
    error.system = SystemError{SystemErrorKind::no_access, std::string(error.text), ""};
  }
  for (const Rule rule : k_rules) {
    if (auto violation = rule(error, in)) return violation;
  }
  return std::nullopt;
}

template <typename Use>
void each_line(std::string_view text, Use&& use) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    use(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

std::vector<Violation> explain_failure(const Evidence& evidence, const Circumstances& in) {
  std::vector<Violation> found;
  add(found, judge({evidence.type, evidence.message, evidence.stack}, in));
  if (found.empty()) {  // causes, a line each
    each_line(evidence.message, [&](std::string_view line) {
      if (found.empty()) add(found, judge({evidence.type, line, evidence.stack}, in));
    });
  }
  // What it printed is asked if its error says nothing: processes that die just print.
  if (found.empty()) {
    each_line(evidence.output, [&](std::string_view line) {
      add(found, judge({"", line, evidence.output}, in));
    });
  }
  // Who has no client is told how to get one.
  constexpr std::string_view k_no_client = "No module named awslambdaric";
  if (found.empty() && evidence.output.find(k_no_client) == std::string_view::npos) {
    add(found, how_it_ended(evidence.ended));
  }
  for (auto& cost : explain_costs(evidence.output))
    add(found, std::move(cost));
  return found;
}

std::string shown_path(std::string_view path) {
  if (path.size() <= k_longest_path) return "'" + std::string(path) + "'";
  // Not within a character of UTF-8.
  const auto is_tail = [&](std::size_t at) {
    return (static_cast<unsigned char>(path[at]) & 0xC0) == 0x80;
  };
  std::size_t head = k_longest_path / 2;
  std::size_t tail = path.size() - k_longest_path / 2;
  while (head > 0 && is_tail(head))
    --head;
  while (tail < path.size() && is_tail(tail))
    ++tail;
  return "'" + std::string(path.substr(0, head)) + "…" + std::string(path.substr(tail)) + "'";
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

}  // namespace coldframe
