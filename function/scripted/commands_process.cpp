// Commands about the process itself: logs, time, memory, signals, children, files; and the blocks.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>

#include "commands.hpp"
#include "player.hpp"
#include "text.hpp"

namespace scripted {

namespace {

[[noreturn]] void system_failure(const std::string& what) {
  throw Stop(k_exit_broken, what + ": " + std::strerror(errno));
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      system_failure("cannot write to descriptor " + std::to_string(fd));
    }
  }
}

// --- logs

void print(Player&, const Arguments& arguments, const Steps&) {
  write_all(STDOUT_FILENO, arguments[0].text + "\n");
}

void print_err(Player&, const Arguments& arguments, const Steps&) {
  write_all(STDERR_FILENO, arguments[0].text + "\n");
}

void print_partial(Player&, const Arguments& arguments, const Steps&) {
  write_all(STDOUT_FILENO, arguments[0].text);
}

// Numbered lines of 100 bytes each with its newline; the last one is shorter if need be.
void print_size(Player&, const Arguments& arguments, const Steps&) {
  constexpr std::uint64_t k_line = 100;
  std::uint64_t left = arguments[0].number;
  for (std::uint64_t number = 1; left > 0; ++number) {
    std::string line = "log line " + std::to_string(number) + " ";
    line.resize(std::min(left, k_line) - 1, '.');
    write_all(STDOUT_FILENO, line + "\n");
    left -= line.size() + 1;
  }
}

// A log event as the official clients frame it: type, length and time in big endian, the text.
std::string framed(const std::string& level, const std::string& text) {
  constexpr std::array k_levels = {"UNDEFINED", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  const auto known = std::find(k_levels.begin(), k_levels.end(), level);
  if (known == k_levels.end()) {
    throw Stop(k_exit_usage, "\"" + level +
                                 "\" is no level; known are UNDEFINED TRACE DEBUG INFO WARN ERROR "
                                 "FATAL");
  }
  const auto index = static_cast<std::uint64_t>(known - k_levels.begin());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string frame;
  const auto put = [&frame](std::uint64_t value, unsigned bytes) {
    for (unsigned left = bytes; left > 0; --left) {
      frame += static_cast<char>(value >> (8 * (left - 1)));
    }
  };
  put(0xA55A0003U | (index << 2U), 4);
  put(text.size(), 4);
  put(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(now).count()),
      8);
  return frame + text;
}

int log_descriptor() {
  const char* text = std::getenv("_LAMBDA_TELEMETRY_LOG_FD");
  if (text == nullptr) throw Stop(k_exit_broken, "_LAMBDA_TELEMETRY_LOG_FD is not set");
  return static_cast<int>(parse_number(text));
}

void frame(Player&, const Arguments& arguments, const Steps&) {
  const std::string whole = framed(arguments[0].text, arguments[1].text);
  write_all(log_descriptor(), whole);
}

// The first part ends inside the head, the hardest place for a reader.
void frame_split(Player&, const Arguments& arguments, const Steps&) {
  constexpr std::size_t k_first_part = 10;
  const std::string whole = framed(arguments[0].text, arguments[1].text);
  const int fd = log_descriptor();
  write_all(fd, std::string_view(whole).substr(0, k_first_part));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  write_all(fd, std::string_view(whole).substr(k_first_part));
}

// --- time, memory, the end

void sleep_for(Player&, const Arguments& arguments, const Steps&) {
  std::this_thread::sleep_for(arguments[0].duration);
}

void wait_file(Player&, const Arguments& arguments, const Steps&) {
  while (access(arguments[0].text.c_str(), F_OK) != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// Counts CPU time, not wall time: a throttled process takes longer.
void busy(Player&, const Arguments& arguments, const Steps&) {
  const auto cpu_time = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  const auto end = cpu_time() + arguments[0].duration;
  while (cpu_time() < end) {
  }
}

void alloc(Player&, const Arguments& arguments, const Steps&) {
  void* memory = mmap(nullptr, arguments[0].number, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) system_failure("cannot allocate");
  std::memset(memory, 1, arguments[0].number);
}

[[noreturn]] void rest_for_ever() {
  while (true)
    pause();
}

void hang(Player&, const Arguments&, const Steps&) { rest_for_ever(); }

void leave(Player&, const Arguments& arguments, const Steps&) {
  std::_Exit(static_cast<int>(arguments[0].number));
}

void raise_signal(Player&, const Arguments& arguments, const Steps&) {
  std::string name = arguments[0].text;
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int number = 1; number < NSIG; ++number) {
    const char* known = sigabbrev_np(number);
    if (known == nullptr || name != known) continue;
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    std::signal(number, SIG_DFL);
    kill(getpid(), number);
    return;
  }
  throw Stop(k_exit_usage, "\"" + name + "\" is no signal");
}

// --- children

// Starts a process that sleeps for ever and is no child of ours, and returns its pid. It keeps
// the descriptors 0 to 2 in our own process group, or none of them in a session of its own.
pid_t spawn_orphan(bool daemon) {
  std::array<int, 2> channel{};
  if (pipe2(channel.data(), O_CLOEXEC) != 0) system_failure("cannot make a pipe");
  const pid_t middle = fork();
  if (middle < 0) system_failure("cannot fork");
  if (middle == 0) {
    if (daemon) setsid();
    const pid_t orphan = fork();
    if (orphan == 0) {
      syscall(SYS_close_range, daemon ? 0U : 3U, ~0U, 0U);
      rest_for_ever();
    }
    const bool told = write(channel[1], &orphan, sizeof orphan) == sizeof orphan;
    std::_Exit(told && orphan > 0 ? 0 : 1);
  }
  pid_t orphan = 0;
  close(channel[1]);
  const bool heard = read(channel[0], &orphan, sizeof orphan) == sizeof orphan && orphan > 0;
  char end = 0;
  while (read(channel[0], &end, 1) > 0) {  // until the orphan, too, has closed its descriptors
  }
  close(channel[0]);
  waitpid(middle, nullptr, 0);
  if (!heard) throw Stop(k_exit_broken, "cannot fork a grandchild");
  return orphan;
}

void fork_grandchild(Player& player, const Arguments&, const Steps&) {
  player.grandchild = spawn_orphan(false);
}

void fork_daemon(Player& player, const Arguments&, const Steps&) {
  player.grandchild = spawn_orphan(true);
}

// --- files

void write_file(Player&, const Arguments& arguments, const Steps&) {
  const std::string& path = arguments[0].text;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) system_failure("cannot write " + path);
  write_all(fd, arguments[1].text);
  close(fd);
}

// Adds one to the number in a file, which a lock keeps whole, and returns the sum.
std::uint64_t increment(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) system_failure("cannot open " + path);
  flock(fd, LOCK_EX);
  std::array<char, 24> digits{};
  const ssize_t got = read(fd, digits.data(), digits.size() - 1);
  const std::uint64_t count = (got > 0 ? std::strtoull(digits.data(), nullptr, 10) : 0) + 1;
  const std::string text = std::to_string(count);
  const bool written = pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  close(fd);
  if (!written) system_failure("cannot write " + path);
  return count;
}

void counter_file(Player&, const Arguments& arguments, const Steps&) {
  increment(arguments[0].text);
}

void starts_in(Player& player, const Arguments& arguments, const Steps&) {
  player.starts = increment(arguments[0].text);
}

// --- blocks

void on_start(Player& player, const Arguments& arguments, const Steps& block) {
  if (player.starts == 0) throw Stop(k_exit_usage, "on-start needs starts-in PATH before it");
  if (player.starts == arguments[0].number) player.play(block);
}

void repeat(Player& player, const Arguments& arguments, const Steps& block) {
  for (std::uint64_t i = 0; i < arguments[0].number; ++i)
    player.play(block);
}

void forever(Player& player, const Arguments&, const Steps& block) {
  while (true)
    player.play(block);
}

void respond_if_event(Player& player, const Arguments& arguments, const Steps& block) {
  if (player.event.body.find(arguments[0].text) != std::string::npos) player.play(block);
}

const std::vector<Command> k_commands = {
    {"print", "TEXT", {Kind::text}, print},
    {"print-err", "TEXT", {Kind::text}, print_err},
    {"print-partial", "TEXT", {Kind::text}, print_partial},
    {"print-size", "BYTES", {Kind::size}, print_size},
    {"frame", "LEVEL TEXT", {Kind::word, Kind::text}, frame},
    {"frame-split", "LEVEL TEXT", {Kind::word, Kind::text}, frame_split},
    {"sleep", "DURATION", {Kind::duration}, sleep_for},
    {"wait-file", "PATH", {Kind::word}, wait_file},
    {"busy", "DURATION", {Kind::duration}, busy},
    {"alloc", "BYTES", {Kind::size}, alloc},
    {"hang", "", {}, hang},
    {"exit", "CODE", {Kind::number}, leave},
    {"signal", "NAME", {Kind::word}, raise_signal},
    {"fork-grandchild", "", {}, fork_grandchild},
    {"fork-daemon", "", {}, fork_daemon},
    {"write-file", "PATH TEXT", {Kind::word, Kind::text}, write_file},
    {"counter-file", "PATH", {Kind::word}, counter_file},
    {"starts-in", "PATH", {Kind::word}, starts_in},
    {"on-start", "N", {Kind::number}, on_start, true},
    {"repeat", "N", {Kind::number}, repeat, true},
    {"forever", "", {}, forever, true},
    {"respond-if-event", "SUBSTRING COMMAND…", {Kind::word, Kind::command}, respond_if_event},
};

}  // namespace

std::span<const Command> process_commands() { return k_commands; }

}  // namespace scripted
