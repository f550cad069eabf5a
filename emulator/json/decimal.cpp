#include "emulator/json/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

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

// More digits than a double tells apart.
constexpr long long k_double_digits = 25;

// |x − y|, or x + y, of two natural numbers in digits.
std::string combine(std::string x, std::string y, bool subtract) {
  const std::size_t length = std::max(x.size(), y.size()) + 1;
  x.insert(0, length - x.size(), '0');
  y.insert(0, length - y.size(), '0');
  if (subtract && x < y) std::swap(x, y);
  int carry = 0;
  for (std::size_t i = length; i-- > 0;) {
    const int digit = (x[i] - '0') + (subtract ? -(y[i] - '0') : y[i] - '0') + carry;
    carry = digit < 0 ? -1 : digit / 10;
    x[i] = static_cast<char>('0' + (digit - 10 * carry));
  }
  return x;
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

double Decimal::distance(const Decimal& a, const Decimal& b) {
  if (a == b) return 0.0;
  const bool a_is_higher = b.is_zero() || (!a.is_zero() && a.top() > b.top());
  const Decimal& high = a_is_higher ? a : b;
  const Decimal& low = a_is_higher ? b : a;
  std::string difference = high.digits_ + "e" + std::to_string(high.exponent_);
  // Otherwise the lower one is nothing beside the higher one, and writing both to one exponent
  // could take very many zeros.
  if (!low.is_zero() && high.top() - low.top() <= k_double_digits) {
    const long long exponent = std::min(high.exponent_, low.exponent_);
    const auto digits = [exponent](const Decimal& number) {
      return number.digits_ +
             std::string(static_cast<std::size_t>(number.exponent_ - exponent), '0');
    };
    difference = combine(digits(high), digits(low), a.negative_ == b.negative_) + "e" +
                 std::to_string(exponent);
  }
  const double rounded = std::abs(parse(difference).to_double());
  return std::max(rounded, std::numeric_limits<double>::denorm_min());
}

bool is_integer_literal(std::string_view number) {
  return number.find_first_of(".eENI") == std::string_view::npos;
}

}  // namespace coldframe
