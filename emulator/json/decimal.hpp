// A JSON number as the exact decimal it denotes, so that 1, 1.0 and 10e-1 are one number and two
// integers beyond 2^53 are told apart.
//
//   Decimal::parse("1.0") == Decimal::parse("1")      // true; also -0 and 0
//
// Pure; any thread. The text must be a number as RFC 8259 writes it (no NaN, no Infinity).
#pragma once

#include <string>
#include <string_view>

namespace coldframe {

class Decimal {
 public:
  static Decimal parse(std::string_view number);

  bool operator==(const Decimal&) const = default;
  bool is_zero() const { return digits_.empty(); }
  bool is_integral() const { return is_zero() || exponent_ >= 0; }
  // How many digits after the point it needs: 2 for 0.25, 0 for 2.0 and 3e5.
  long long decimals() const { return is_integral() ? 0 : -exponent_; }
  // Larger than 2^53 in magnitude: a double may not hold it.
  bool is_beyond_double_integers() const;
  double to_double() const;  // nearest double, ±infinity if out of range
  // |a − b|, found exactly before it is rounded to a double; never 0 where the two differ, infinity
  // if out of range.
  static double distance(const Decimal& a, const Decimal& b);

 private:
  bool negative_ = false;
  std::string digits_;      // without leading or trailing zeros; empty for zero
  long long exponent_ = 0;  // value = ±digits × 10^exponent; 0 for zero
  // The power of ten just above it: 3 for 250, −1 for 0.05.
  long long top() const { return static_cast<long long>(digits_.size()) + exponent_; }
};

// 1 and -20 are; 1.0 and 1e3 are not.
bool is_integer_literal(std::string_view number);

}  // namespace coldframe
