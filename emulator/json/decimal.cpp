#include "emulator/json/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace coldframe {

namespace {

// Far beyond every exponent that matters, and far from overflow when digit counts are added.
constexpr long long k_exponent_limit = 1'000'000'000'000;

long long parse_exponent(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  long long value = 0;
  for (const char digit : text) {
    value = std::min(value * 10 + (digit - '0'), k_exponent_limit);
  }
  return negative ? -value : value;
}

}  // namespace

Decimal Decimal::parse(std::string_view number) {
  Decimal result;
  if (!number.empty() && number.front() == '-') {
    result.negative_ = true;
    number.remove_prefix(1);
  }
  if (const std::size_t e = number.find_first_of("eE"); e != std::string_view::npos) {
    result.exponent_ = parse_exponent(number.substr(e + 1));
    number = number.substr(0, e);
  }
  const std::size_t point = number.find('.');
  result.digits_ = number.substr(0, point);
  if (point != std::string_view::npos) {
    const std::string_view fraction = number.substr(point + 1);
    result.digits_ += fraction;
    result.exponent_ -= static_cast<long long>(fraction.size());
  }
  result.digits_.erase(0, std::min(result.digits_.find_first_not_of('0'), result.digits_.size()));
  while (!result.digits_.empty() && result.digits_.back() == '0') {
    result.digits_.pop_back();
    ++result.exponent_;
  }
  if (result.is_zero()) {
    result.negative_ = false;
    result.exponent_ = 0;
  }
  return result;
}

bool Decimal::is_beyond_double_integers() const {
  constexpr std::string_view k_limit = "9007199254740992";
  const long long length = static_cast<long long>(digits_.size()) + exponent_;
  if (is_zero() || length < static_cast<long long>(k_limit.size())) return false;
  if (length > static_cast<long long>(k_limit.size())) return true;
  const std::size_t shared = std::min(digits_.size(), k_limit.size());
  const int order = digits_.compare(0, shared, k_limit.substr(0, shared));
  return order > 0 || (order == 0 && digits_.size() > k_limit.size());
}

double Decimal::to_double() const {
  if (is_zero()) return 0.0;
  const std::string text = (negative_ ? "-" : "") + digits_ + "e" + std::to_string(exponent_);
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  const bool too_large = static_cast<long long>(digits_.size()) + exponent_ > 0;
  const double magnitude = too_large ? std::numeric_limits<double>::infinity() : 0.0;
  return negative_ ? -magnitude : magnitude;
}

bool is_integer_literal(std::string_view number) {
  return number.find_first_of(".eENI") == std::string_view::npos;
}

}  // namespace coldframe
