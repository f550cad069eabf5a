// The closed loop behind bench_load: N keep-alive callers of an echo function, each call timed.
//
//   Load load(options);  load.run(500, Phase::warm_up);  load.run(10'000, Phase::measured);
//   load.report();
//
// One connection uses blocking calls, several share one epoll, so that a single caller pays for
// no poll. Latencies are in nanoseconds, from just before the request is written to the last byte
// of its reply. A broken connection or a reply that is no HTTP ends the program (see `stop`).

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Options {
  std::uint16_t port = 0;
  std::string path = "/2015-03-31/functions/function/invocations";
  std::uint64_t count = 10'000;
  std::uint64_t warmup = 500;
  std::string body;  // the event, sent with every call
  std::size_t connections = 1;
  std::chrono::microseconds pause{0};  // after each call, with one connection
  std::string samples_file;            // empty: none is written
  bool json = false;
};

// Prints one sentence on stderr and exits with `code`.
[[noreturn]] [[gnu::format(printf, 2, 3)]] void stop(int code, const char* format, ...);

enum class Phase { warm_up, measured };

class Load {
 public:
  // Connects every caller; `options` must outlive the load.
  explicit Load(const Options& options);

  // Makes `count` calls over all connections. In the warm-up the bytes of each reply are compared
  // with the event, in the measured phase only status and length are, and latencies are kept.
  void run(std::uint64_t count, Phase phase);

  // Prints the measured phase, and writes the samples if a file was named.
  void report();

  [[nodiscard]] std::uint64_t errors() const { return errors_; }

 private:
  using Clock = std::chrono::steady_clock;

  // One caller. Its buffer holds the reply being read; the request is the same for all.
  struct Connection {
    int fd = -1;
    std::size_t sent = 0;
    std::size_t have = 0;
    std::size_t head = 0;    // size of the reply's head, 0 while it is incomplete
    std::size_t length = 0;  // size of its body
    bool good = false;
    bool busy = false;
    Clock::time_point start{};
    std::vector<char> buffer;
  };

  Connection connect() const;
  void run_polled();
  void start(Connection& connection);
  void send(Connection& connection);
  bool receive(Connection& connection);
  void read_head(Connection& connection);
  void finish(Connection& connection);
  [[nodiscard]] double percentile_us(double share) const;
  void write_samples() const;

  const Options& options_;
  std::string head_;
  bool blocking_;
  Phase phase_ = Phase::warm_up;
  std::uint64_t left_to_start_ = 0;
  std::uint64_t left_to_finish_ = 0;
  std::uint64_t errors_ = 0;
  Clock::duration wall_{};
  std::vector<Connection> connections_;
  std::vector<Clock::rep> latencies_;
};

}  // namespace bench
