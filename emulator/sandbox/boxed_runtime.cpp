#include "emulator/sandbox/boxed_runtime.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "emulator/process/host_launcher.hpp"
#include "emulator/sandbox/init_protocol.hpp"
#include "emulator/sandbox/message.hpp"

namespace coldframe {

BoxedRuntime::BoxedRuntime(boost::asio::io_context& io, TextSink& log, ProcessSpec spec,
                           ProcessEvents& events, SeedNumbers numbers)
    : io_(io),
      spec_(std::move(spec)),
      events_(&events),
      numbers_(numbers),
      output_(io, log,
              [this](const LogEvent& event) {
                if (events_ != nullptr) events_->on_log(event);
              }),
      exec_report_(io) {}

void BoxedRuntime::start(int seed_socket, std::function<void()> begun) {
  exec_report_.on_begun(std::move(begun));
  auto ends = output_.open();
  if (!ends) return fail_later("cannot make a pipe: " + ends.error().message);
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) {
    return fail_later(std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  UniqueFd read_end(report[0]);
  const UniqueFd report_end(report[1]);
  ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
  if (const int problem = exec_report_.assign(std::move(read_end)); problem != 0) {
    return fail_later("cannot watch the process: " + lower_first(std::strerror(problem)));
  }
  MessageWriter out;
  out.number(static_cast<std::int64_t>(SeedMessage::run));
  out.number(numbers_.inside);
  out.text(spec_.executable);
  out.texts(spec_.argv);
  out.texts(spec_.environment);
  out.text(spec_.working_directory);
  out.numbers(spec_.cpus);
  out.number(k_log_fd_number);
  if (!send_message(seed_socket, out,
                    {ends->out.get(), ends->err.get(), ends->log.get(), report_end.get()})) {
    return fail_later(std::string("the seed does not listen: ") + std::strerror(errno));
  }
  output_.start();
  exec_report_.wait(shared_from_this(), [this](const ExecNote& note) {
    launch_failed_ = true;
    if (heard()) events_->on_launch_failed(explain(note, spec_));
  });
}

void BoxedRuntime::fail_later(std::string why) {
  launch_failed_ = true;
  boost::asio::post(io_, [self = shared_from_this(), why = std::move(why)] {
    if (self->heard()) self->events_->on_launch_failed({LaunchFailure::Stage::host, why});
  });
}

void BoxedRuntime::on_exit(int native, std::int64_t peak) {
  peak_ = peak;
  exec_report_.read();
  output_.drain();
  if (heard() && !launch_failed_) events_->on_exit(ExitStatus::from_wait(native));
}

void BoxedRuntime::on_lost(const std::string& why) {
  exec_report_.read();
  output_.drain();
  if (heard() && !launch_failed_) events_->on_lost(why);
}

void BoxedRuntime::forget() {
  events_ = nullptr;
  output_.close();
  exec_report_.close();
}

std::optional<FinalMemory> BoxedRuntime::final_memory() const {
  if (peak_ == 0 || launch_failed_) return std::nullopt;
  return FinalMemory{peak_, exec_report_.inherited_peak()};
}

}  // namespace coldframe
