// Comparing two numbers: integers by what their texts denote, others by tolerance, and what rules
// allow beyond that (one step of the last decimal, NaN and Infinity).
#include <fmt/format.h>

#include <cmath>

#include "emulator/json/decimal.hpp"
#include "emulator/validate/comparer.hpp"

namespace coldframe {

// Whether the comparison of this place is settled because one side is NaN or Infinity.
bool Comparer::non_finite(const JsonValue& want, const JsonValue& got, const LeafRule& rule) {
  if (got.is_finite() && want.is_finite()) return false;
  const JsonValue& odd = got.is_finite() ? want : got;
  const NonFinitePolicy policy = odd.text() == "NaN" ? rule.nan : rule.inf;
  if (policy == NonFinitePolicy::ignore) return true;
  const bool equal = want.is(JsonKind::number) && want.text() == got.text();
  if (policy == NonFinitePolicy::equal && equal) return true;
  if (got.is_finite()) {
    fail(FindingKind::number, &want, &got, fmt::format("{} was wanted", want.text()));
  } else {
    fail(FindingKind::non_finite, &want, &got,
         fmt::format("{}: not valid JSON for most clients", got.text()));
  }
  return true;
}

void Comparer::numbers(const JsonValue& want, const JsonValue& got, const LeafRule& rule) {
  const bool want_integer = is_integer_literal(want.text());
  const bool got_integer = is_integer_literal(got.text());
  if (rule.strict_types && want_integer != got_integer) {
    fail(FindingKind::type, &want, &got,
         want_integer ? "an integer was wanted" : "a number with a fraction was wanted");
    return;
  }
  const Decimal exact = Decimal::parse(got.text());
  if (got_integer && exact.is_beyond_double_integers()) {
    warn(FindingKind::big_integer, &want, &got,
         "an integer beyond 2^53: many clients read it inexactly");
  }
  if (want_integer && !rule.integers_loose) {
    exact_numbers(want, got, rule);
  } else {
    near_numbers(want, got, rule);
  }
}

void Comparer::exact_numbers(const JsonValue& want, const JsonValue& got, const LeafRule& rule) {
  const bool equal = Decimal::parse(want.text()) == Decimal::parse(got.text());
  const double abs = equal ? 0.0 : std::abs(got.number() - want.number());
  note_abs(abs);
  if (equal) return;
  if (rule.label != nullptr && is_near_cut(*rule.label)) {
    ++result_.near_cut_flips;
    return;
  }
  Finding finding = make(FindingKind::number, &want, &got, "not the wanted integer");
  if (std::isfinite(abs)) finding.abs = abs;
  finding.allowed = 0.0;
  findings_.add(std::move(finding));
}

void Comparer::near_numbers(const JsonValue& want, const JsonValue& got, const LeafRule& rule) {
  const Decimal got_decimal = Decimal::parse(got.text());
  if (Decimal::parse(want.text()) == got_decimal) {
    note_abs(0.0);
    return;
  }
  const double want_number = want.number();
  const double got_number = got.number();
  const double abs = std::abs(got_number - want_number);
  note_abs(abs);
  // Both beyond a double's range: infinite minus infinite is no distance at all.
  const bool comparable = std::isfinite(want_number) && std::isfinite(got_number);
  if (comparable && rule.tolerance.accepts(got_number, want_number)) return;
  if (rule.decimals && comparable) {
    const double quantum = std::pow(10.0, -*rule.decimals);
    if (got_decimal.decimals() <= *rule.decimals && abs < 1.5 * quantum) {
      ++result_.quantum_flips;
      return;
    }
  }
  if (rule.label != nullptr && is_near_cut(*rule.label)) {
    ++result_.near_cut_flips;
    return;
  }
  Finding finding = make(FindingKind::number, &want, &got, "outside the tolerance");
  if (comparable) {
    finding.abs = abs;
    finding.allowed = rule.tolerance.allowed(want_number);
  }
  findings_.add(std::move(finding));
}

}  // namespace coldframe
