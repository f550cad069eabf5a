#include "bench_house.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace coldframe::bench {

using namespace std::chrono_literals;

void stop(int code, const std::string& sentence) {
  std::fprintf(stderr, "bench_environments: %s\n", sentence.c_str());
  std::exit(code);
}

void BreathLog::write(std::string_view text) {
  constexpr std::string_view k_word = "breath ";
  const auto at = text.find(k_word);
  if (at == std::string_view::npos) {
    last = text;
    return;
  }
  const char* begin = text.data() + at + k_word.size();
  std::int64_t value = 0;
  if (std::from_chars(begin, text.data() + text.size(), value).ec == std::errc{}) breath = value;
}

void BenchHouse::until(const std::function<bool()>& done, const char* what) {
  const auto keep = boost::asio::make_work_guard(io);
  const TimePoint give_up = clock.now() + 30s;
  // So that the loop turns when nothing else comes.
  timers.at(give_up, [] {});
  while (!done()) {
    if (io.stopped()) io.restart();
    io.run_one();
    if (clock.now() > give_up) stop(4, std::string(what) + " took more than 30 s; " + log.last);
  }
}

void BenchHouse::rest(Duration time) {
  bool over = false;
  timers.at(clock.now() + time, [&over] { over = true; });
  until([&over] { return over; }, "a rest");
}

BenchEnvironment::BenchEnvironment(BenchHouse& house, LimitsBackend& limits, Sandbox& sandbox,
                                   const FunctionConfig& config)
    : house_(house),
      services_{house.io,       house.clock, house.timers,  house.ids, limits,
                house.freezing, sandbox,     house.records, house.log},
      environment_(services_, config, *this) {}

void BenchEnvironment::prepare() {
  environment_.prepare();
  house_.until([this] { return !environment_.preparing(); }, "the preparation");
  if (!environment_.prepared()) stop(4, "the preparation failed");
}

std::int64_t BenchEnvironment::start() {
  house_.log.breath.reset();
  if (!environment_.is_open()) {
    if (auto opened = environment_.open(); !opened) stop(4, opened.error().message);
  }
  environment_.prewarm();
  house_.until([this] { return house_.log.breath.has_value(); }, "the start");
  house_.until([this] { return idle_; }, "the init");
  return *house_.log.breath;
}

Duration BenchEnvironment::end() {
  bool ended = false;
  const TimePoint begin = house_.clock.now();
  environment_.stop([&ended] { ended = true; });
  house_.until([&ended] { return ended; }, "the end");
  return house_.clock.now() - begin;
}

}  // namespace coldframe::bench
