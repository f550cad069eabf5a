// Comparing two numbers: integers by what their texts denote, others by tolerance, and what rules
// allow beyond that (one step of the last decimal, NaN and Infinity).
#include <fmt/format.h>

#include <cmath>

#include "emulator/json/decimal.hpp"
#include "emulator/validate/comparer.hpp"

namespace coldframe {

namespace {

// Whether an answer that is rounded to so many decimals is at most one step from the wanted number.
// Of a wanted number between two points of that grid, these two are its roundings, up or down.
bool is_next_on_grid(const Decimal& got, double abs, int decimals) {
  const double step = Decimal::parse(fmt::format("1e-{}", decimals)).to_double();
  return got.decimals() <= decimals && abs <= step;
}

}  // namespace

// Whether the comparison of this place is settled because one side is NaN or Infinity.
bool Comparer::non_finite(const JsonValue& want, const JsonValue& got, const LeafRule& rule) {
  if (got.is_finite() && want.is_finite()) return false;
  const JsonValue& odd = got.is_finite() ? want : got;
  const NonFinitePolicy policy = odd.text() == "NaN" ? rule.nan : rule.inf;
  if (policy == NonFinitePolicy::ignore) return true;
  const bool equal = want.is(JsonKind::number) && want.text() == got.text();
  if (policy == NonFinitePolicy::equal && equal) return true;
  const FindingKind kind = got.is_finite() ? FindingKind::number : FindingKind::non_finite;
  const bool is_number = want.is(JsonKind::number);
  const bool may_be_equal = policy == NonFinitePolicy::equal;
  if (got.is_finite() || (may_be_equal && is_number)) {
    fail(kind, &want, &got,
         fmt::format("{} was wanted, not {}", want.text(), shortened(write_json(got), 40)));
  } else if (may_be_equal) {
    types(want, got);
  } else {
    fail(kind, &want, &got, fmt::format("{}: not valid JSON for most clients", got.text()));
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
  const double abs = Decimal::distance(Decimal::parse(want.text()), Decimal::parse(got.text()));
  note_abs(abs);
  if (abs == 0.0) return;
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
  const Decimal wanted = Decimal::parse(want.text());
  const Decimal given = Decimal::parse(got.text());
  const double abs = Decimal::distance(wanted, given);
  note_abs(abs);
  if (abs == 0.0) return;
  const double want_number = want.number();
  const double got_number = got.number();
  // Beyond a double's range nothing is near.
  const bool comparable = std::isfinite(want_number) && std::isfinite(got_number);
  // Two spellings of one double are one number, unless both are integers.
  const bool same_double =
      want_number == got_number && !(wanted.is_integral() && given.is_integral());
  const double allowed = rule.tolerance.allowed(want_number);
  if (comparable && (same_double || abs <= allowed)) return;
  if (rule.decimals && comparable && is_next_on_grid(given, abs, *rule.decimals)) {
    ++result_.quantum_flips;
    return;
  }
  if (rule.label != nullptr && is_near_cut(*rule.label)) {
    ++result_.near_cut_flips;
    return;
  }
  Finding finding = make(FindingKind::number, &want, &got, "outside the tolerance");
  if (comparable && std::isfinite(abs)) {
    finding.abs = abs;
    finding.allowed = allowed;
  }
  findings_.add(std::move(finding));
}

}  // namespace coldframe
