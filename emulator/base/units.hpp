// Durations and sizes as people write them: "250ms", "3s", "5m"; "512", "512MB", "1GB" (MiB, as
// Lambda counts). Pure. Errors are one sentence, exit code 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"

namespace coldframe {

// A unit of time in milliseconds: us, ms, s, m (also min) or h; nothing for any other word.
std::optional<double> unit_in_ms(std::string_view unit);
// `what` names the option in the error: "--init-limit". A number with a unit of time: nobody knows
// whether a bare 3 means seconds or milliseconds. Range 0 … 10 years.
Result<Duration> parse_duration(std::string_view text, std::string_view what);
// For what Lambda itself counts in seconds: a bare whole number, or a duration of whole seconds.
Result<int> parse_seconds(std::string_view text, std::string_view what);
// Whole MiB. Units MB, MiB, GB, GiB; a bare number is MB.
Result<int> parse_megabytes(std::string_view text, std::string_view what);
Result<double> parse_positive(std::string_view text, std::string_view what);
Result<std::int64_t> parse_integer(std::string_view text, std::string_view what, std::int64_t least,
                                   std::int64_t most);

}  // namespace coldframe
