// Durations and sizes as people write them: "250ms", "3s", "5m"; "512", "512MB", "1GB" (MiB, as
// Lambda counts). Pure. Errors are one sentence, exit code 2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"

namespace coldframe {

// `what` names the option in the error: "--init-limit". Units us, ms, s, m, h; a bare number is
// taken as seconds. Range 0 … 10 years.
Result<Duration> parse_duration(std::string_view text, std::string_view what);
// Whole MiB. Units MB, MiB, GB, GiB; a bare number is MB.
Result<int> parse_megabytes(std::string_view text, std::string_view what);
Result<double> parse_positive(std::string_view text, std::string_view what);
Result<std::int64_t> parse_integer(std::string_view text, std::string_view what, std::int64_t least,
                                   std::int64_t most);

}  // namespace coldframe
