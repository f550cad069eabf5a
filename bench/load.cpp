// The caller: a closed loop of keep-alive Invoke calls that measures each one.
//
//   bench_load --port 9000 --count 20000 --warmup 2000 --body-size 100 --json
//
// Each of the --connections sends a request, waits for the whole reply, and sends the next. The
// function must echo: a reply that is not 200, carries X-Amz-Function-Error or has another length
// than the event counts as an error (during the warm-up its bytes are compared, too). Latency runs
// from just before the request is written to the last byte of the reply. One connection uses
// blocking calls, several share one epoll, so that a single caller pays for no poll.
// Exit 0, 1 if any call failed, 2 on bad usage, 4 if the connection cannot be made or breaks.

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "load_caller.hpp"

namespace {

constexpr const char* k_usage =
    "usage: bench_load --port PORT [options]\n"
    "  --path PATH          default /2015-03-31/functions/function/invocations\n"
    "  --count N            measured calls, default 10000\n"
    "  --warmup N           calls before them, default 500\n"
    "  --body-size BYTES    event is a JSON string of that size, default 100\n"
    "  --body-file FILE     event is the content of FILE\n"
    "  --connections N      callers at once, default 1\n"
    "  --pause US           rest after each call, for one connection; default 0\n"
    "  --samples FILE       every measured latency in ns, one a line, in order of completion\n"
    "  --json               one JSON object instead of a line of text\n";

using bench::Options;
using bench::stop;

std::uint64_t number(std::string_view option, std::string_view text, std::uint64_t least,
                     std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc{} || end != text.end() || value < least || value > most) {
    stop(2, "%s needs a number from %llu to %llu, not \"%s\"", std::string(option).c_str(),
         static_cast<unsigned long long>(least), static_cast<unsigned long long>(most),
         std::string(text).c_str());
  }
  return value;
}

std::string json_string_of(std::size_t size) {
  std::string text(size, 'x');
  text.front() = text.back() = '"';
  return text;
}

std::string content_of(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) stop(2, "cannot read %s: %s", path, std::strerror(errno));
  std::string content;
  std::array<char, 65536> piece{};
  while (const auto got = std::fread(piece.data(), 1, piece.size(), file)) {
    content.append(piece.data(), got);
  }
  if (std::ferror(file) != 0) stop(2, "cannot read %s: %s", path, std::strerror(errno));
  std::fclose(file);
  return content;
}

Options parse(int argc, char** argv) {
  constexpr std::uint64_t k_many = 1'000'000'000;
  Options options;
  options.body = json_string_of(100);
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--help") {
      std::fputs(k_usage, stdout);
      std::exit(0);
    }
    if (name == "--json") {
      options.json = true;
      continue;
    }
    if (i + 1 == argc) stop(2, "%s is unknown or lacks its value; see --help", argv[i]);
    const char* value = argv[++i];
    if (name == "--port") {
      options.port = static_cast<std::uint16_t>(number(name, value, 1, 65535));
    } else if (name == "--path") {
      options.path = value;
    } else if (name == "--count") {
      options.count = number(name, value, 1, k_many);
    } else if (name == "--warmup") {
      options.warmup = number(name, value, 0, k_many);
    } else if (name == "--body-size") {
      options.body = json_string_of(number(name, value, 2, 64U << 20U));
    } else if (name == "--body-file") {
      options.body = content_of(value);
    } else if (name == "--connections") {
      options.connections = number(name, value, 1, 1000);
    } else if (name == "--pause") {
      options.pause = std::chrono::microseconds(number(name, value, 0, 10'000'000));
    } else if (name == "--samples") {
      options.samples_file = value;
    } else {
      stop(2, "unknown option %s; see --help", argv[i - 1]);
    }
  }
  if (options.pause.count() > 0 && options.connections > 1) {
    stop(2, "--pause is for one connection; see --help");
  }
  if (options.port == 0) stop(2, "--port is missing; see --help");
  return options;
}

}  // namespace

void bench::stop(int code, const char* format, ...) {
  std::fputs("bench_load: ", stderr);
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  std::exit(code);
}

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  bench::Load load(options);
  if (options.warmup > 0) load.run(options.warmup, bench::Phase::warm_up);
  load.run(options.count, bench::Phase::measured);
  load.report();
  return load.errors() == 0 ? 0 : 1;
}
