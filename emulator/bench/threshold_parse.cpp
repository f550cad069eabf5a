#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "emulator/base/spelling.hpp"
#include "emulator/base/units.hpp"
#include "emulator/bench/threshold.hpp"

namespace coldframe {

const char* to_text(ThresholdVerdict verdict) {
  switch (verdict) {
    case ThresholdVerdict::pass:
      return "pass";
    case ThresholdVerdict::fail:
      return "fail";
    case ThresholdVerdict::undecided:
      return "undecided";
  }
  return "undecided";
}

bool Threshold::holds_for(double measured) const {
  switch (op) {
    case ThresholdOp::less:
      return measured < value;
    case ThresholdOp::less_equal:
      return measured <= value;
    case ThresholdOp::greater:
      return measured > value;
    case ThresholdOp::greater_equal:
      return measured >= value;
  }
  return false;
}

namespace {

enum class Quantity { time, memory, share, count, money };

struct Unit {
  Quantity quantity;
  double factor;  // to ms, bytes or a share
};

constexpr double k_mib = 1024.0 * 1024.0;

std::optional<Unit> unit_of(std::string_view name) {
  if (const auto ms = unit_in_ms(name)) return Unit{Quantity::time, *ms};
  if (name == "MB") return Unit{Quantity::memory, k_mib};
  if (name == "GB") return Unit{Quantity::memory, 1024.0 * k_mib};
  if (name == "%") return Unit{Quantity::share, 0.01};
  return std::nullopt;
}

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string nearest_metric(std::string_view metric) {
  std::vector<std::string> names(k_plain_metrics.begin(), k_plain_metrics.end());
  for (const auto family : k_metric_families) {
    for (const auto figure : k_metric_figures)
      names.push_back(fmt::format("{}.{}", family, figure));
  }
  return nearest_word(metric, {names.begin(), names.end()});
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<Quantity> quantity_of(std::string_view metric) {
  if (metric == "init.cpu" || metric == "warm.cpu") return Quantity::time;
  if (metric == "memory.peak") return Quantity::memory;
  if (metric == "cold.ratio") return Quantity::share;
  if (metric == "errors") return Quantity::count;
  if (metric == "cost.per_million") return Quantity::money;
  if (metric == "image.size") return Quantity::memory;
  const std::size_t point = metric.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const std::string_view family = metric.substr(0, point);
  const std::string_view figure = metric.substr(point + 1);
  const bool known = contains(k_metric_families, family) && contains(k_metric_figures, figure);
  return known ? std::optional(Quantity::time) : std::nullopt;
}

Error bad(const std::string& expr, std::string_view why) {
  return usage_error(fmt::format("the threshold \"{}\" {}", expr, why));
}

Result<void> read_value(const std::string& expr, std::string_view text, Quantity quantity,
                        Threshold& threshold) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number) || number < 0) {
    return bad(expr, "has no value; write one like 250ms, 3s, 400MB, 5% or 0");
  }
  const auto used = static_cast<std::size_t>(end - text.data());
  const std::string_view unit_name = trimmed(text.substr(used));
  if (unit_name.empty()) {
    if (quantity == Quantity::time) {
      return bad(expr, fmt::format("needs a unit of time, like {}ms or {}s", text, text));
    }
    // Memory without a unit is in MB, as everywhere on Lambda.
    threshold.value = number * (quantity == Quantity::memory ? k_mib : 1.0);
    if (quantity == Quantity::share && number > 1) {
      return bad(expr,
                 fmt::format("compares a share with {}; write {}% or a value up to 1", text, text));
    }
    return {};
  }
  const std::optional<Unit> unit = unit_of(unit_name);
  if (!unit) {
    return bad(expr,
               fmt::format("has the unknown unit \"{}\"; units are us, ms, s, m, h, MB, GB and %",
                           unit_name));
  }
  const bool share_of_calls = quantity == Quantity::count && unit->quantity == Quantity::share;
  if (unit->quantity != quantity && !share_of_calls) {
    return bad(expr, fmt::format("compares {} with a value in {}", threshold.metric, unit_name));
  }
  threshold.value = number * unit->factor;
  threshold.as_share = share_of_calls;
  if (unit->quantity == Quantity::share && number > 100) {
    return bad(expr, "compares a share with more than 100%, which always holds or never");
  }
  return {};
}

// No figure is below 0 and no share above 1: a gate that nothing can pass is a slip of the pen.
Result<void> check_possible(const std::string& expr, Quantity quantity,
                            const Threshold& threshold) {
  if (threshold.op == ThresholdOp::less && threshold.value <= 0) {
    return bad(expr,
               fmt::format("can never hold, since {0} is never below 0; write \"{0} <= 0{1}\"",
                           threshold.metric, quantity == Quantity::time ? "ms" : ""));
  }
  const bool share = quantity == Quantity::share || threshold.as_share;
  if (share && threshold.op == ThresholdOp::greater && threshold.value >= 1) {
    return bad(expr, fmt::format("can never hold, since {0} is never above 100%; write \"{0} >= "
                                 "100%\"",
                                 threshold.metric));
  }
  return {};
}

bool is_measured_elsewhere(const std::string& metric) {
  return metric == "cost.per_million" || metric == "image.size";
}

// `text` behind "baseline": a change like +10% or -5%, or nothing.
bool is_change(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return true;
  if ((text.front() != '+' && text.front() != '-') || text.back() != '%') return false;
  text = trimmed(text.substr(1, text.size() - 2));
  double percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() &&
         std::isfinite(percent) && percent >= 0;
}

struct Parsed {
  Threshold threshold;
  bool against_baseline = false;
};

Result<Parsed> parse(const std::string& expr) {
  const std::size_t at = expr.find_first_of("<>");
  if (at == std::string::npos) {
    return bad(expr, "has no <, <=, > or >=; write one like \"cold.p90 < 3s\"");
  }
  Parsed parsed;
  Threshold& threshold = parsed.threshold;
  threshold.expr = expr;
  threshold.metric = trimmed(std::string_view(expr).substr(0, at));
  const bool with_equal = expr.substr(at + 1, 1) == "=";
  if (expr[at] == '<') {
    threshold.op = with_equal ? ThresholdOp::less_equal : ThresholdOp::less;
  } else {
    threshold.op = with_equal ? ThresholdOp::greater_equal : ThresholdOp::greater;
  }
  const std::optional<Quantity> quantity = quantity_of(threshold.metric);
  if (!quantity) {
    return bad(expr,
               fmt::format("names the unknown metric \"{}\"; metrics are {} with .{}; {}{}",
                           threshold.metric, fmt::join(k_metric_families, ", "),
                           fmt::join(k_metric_figures, " ."), fmt::join(k_plain_metrics, ", "),
                           did_you_mean(nearest_metric(threshold.metric))));
  }
  const std::string_view value = trimmed(std::string_view(expr).substr(at + (with_equal ? 2 : 1)));
  constexpr std::string_view k_baseline = "baseline";
  if (value.starts_with(k_baseline)) {
    if (!is_change(value.substr(k_baseline.size()))) {
      return bad(expr, "compares with a baseline in no way that is known; write \"baseline +10%\"");
    }
    parsed.against_baseline = true;
    return parsed;
  }
  if (Result<void> read = read_value(expr, value, *quantity, threshold); !read) {
    return read.error();
  }
  if (Result<void> possible = check_possible(expr, *quantity, threshold); !possible) {
    return possible.error();
  }
  return parsed;
}

}  // namespace

Result<Threshold> parse_threshold(const std::string& expr) {
  Result<Parsed> parsed = parse(expr);
  if (!parsed) return parsed.error();
  if (is_measured_elsewhere(parsed->threshold.metric)) {
    return bad(expr,
               fmt::format("names {}, which `bench` does not measure", parsed->threshold.metric));
  }
  if (parsed->against_baseline) {
    return bad(expr, "compares with a baseline, and `bench` has none; give an absolute value");
  }
  return std::move(parsed->threshold);
}

Result<void> check_budget(const std::string& expr) {
  if (Result<Parsed> parsed = parse(expr); !parsed) return parsed.error();
  return {};
}

}  // namespace coldframe
