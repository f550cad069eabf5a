// Lambda's quotas and defaults, each with its source (AWS documentation 2026 unless said).
#pragma once

#include <chrono>
#include <cstddef>

namespace coldframe::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t k_mib = 1024 * 1024;

// Synchronous request body; 6 291 456 is in the text of AWS's own 413.
inline constexpr std::size_t k_sync_request_bytes = 6 * k_mib;
// Buffered response body; 6 291 556 is in the text of the oversize error AWS returns.
inline constexpr std::size_t k_response_bytes = 6 * k_mib + 100;
// Body of an Event invoke; 262 144 before late 2025.
inline constexpr std::size_t k_event_request_bytes = 1 * k_mib;
// Request line and headers of an Invoke API call.
inline constexpr std::size_t k_invoke_header_bytes = 1 * k_mib + 16 * 1024;
// Runtime clients put an X-Ray cause of up to 1 MiB in one header line; leave room for more.
inline constexpr std::size_t k_runtime_header_bytes = 4 * k_mib;
inline constexpr std::size_t k_client_context_bytes = 3583;
inline constexpr std::size_t k_log_tail_bytes = 4096;
inline constexpr std::size_t k_environment_bytes = 4096;

inline constexpr int k_timeout_min_s = 1;
inline constexpr int k_timeout_max_s = 900;
inline constexpr int k_timeout_default_s = 3;
inline constexpr int k_memory_min_mb = 128;
inline constexpr int k_memory_max_mb = 10240;
inline constexpr int k_memory_default_mb = 128;
inline constexpr int k_tmp_min_mb = 512;
inline constexpr int k_tmp_max_mb = 10240;
inline constexpr auto k_init_limit = 10s;
// Ahead of any invoke (provisioned concurrency) an init may take as long as an invoke, but at least
// and at most this.
inline constexpr auto k_provisioned_init_min = 130s;
inline constexpr auto k_provisioned_init_max = 900s;
inline constexpr int k_default_concurrency = 10;
// Event invokes of a function that wait here; more are throttled. Ours, AWS names none.
inline constexpr std::size_t k_queued_events = 100'000;
inline constexpr std::size_t k_queued_event_bytes = 256 * k_mib;

}  // namespace coldframe::limits
