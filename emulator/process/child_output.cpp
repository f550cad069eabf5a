#include "emulator/process/child_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace coldframe {
namespace {

bool make_pipe(UniqueFd& read_end, UniqueFd& write_end) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return true;
}

}  // namespace

Result<ChildOutput::Ends> ChildOutput::open() {
  Ends ends;
  UniqueFd out, err, log;
  if (!make_pipe(out, ends.out) || !make_pipe(err, ends.err) || !make_pipe(log, ends.log)) {
    return host_error(std::strerror(errno));
  }
  pumps_ = {pump(std::move(out), lines()), pump(std::move(err), lines()),
            pump(std::move(log), frames())};
  return ends;
}

std::shared_ptr<OutputPump> ChildOutput::pump(UniqueFd read_end, OutputPump::Splitter splitter) {
  return std::make_shared<OutputPump>(
      io_, std::move(read_end), std::move(splitter), [this] { return log_.congested(); },
      cut_short_, in_line_);
}

OutputPump::Splitter ChildOutput::lines() const {
  return [lines = std::make_shared<LineSplitter>(), emit = emit_](std::string_view bytes,
                                                                  OutputPump::Until next) {
    lines->feed(bytes, emit);
    if (next != OutputPump::Until::more) lines->finish(emit);
    return lines->in_line();
  };
}

OutputPump::Splitter ChildOutput::frames() const {
  return [frames = std::make_shared<FrameSplitter>(), emit = emit_](std::string_view bytes,
                                                                    OutputPump::Until next) {
    frames->feed(bytes, emit);
    if (next == OutputPump::Until::line_end) frames->finish_line(emit);
    if (next == OutputPump::Until::end) frames->finish(emit);
    return frames->in_line();
  };
}

void ChildOutput::start() {
  for (auto& pump : pumps_)
    pump->start();
}

void ChildOutput::drain() {
  cut_short_ = false;
  // One system call tells for all three whether there is anything.
  std::array<pollfd, 3> ready{};
  std::size_t count = 0;
  for (auto& pump : pumps_) {
    if (pump->open() && count < ready.size()) ready[count++] = {pump->fd(), POLLIN, 0};
  }
  if (count == 0 || ::poll(ready.data(), count, 0) <= 0) return;
  for (auto& pump : pumps_)
    pump->drain();
}

void ChildOutput::drain_leftover() {
  if (cut_short_) drain();
}

void ChildOutput::end_lines() {
  if (!std::exchange(in_line_, false)) return;
  for (auto& pump : pumps_)
    pump->end_line();
}

void ChildOutput::close() {
  for (auto& pump : pumps_)
    pump->close();
  pumps_.clear();
}

}  // namespace coldframe
