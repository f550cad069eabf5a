#include "emulator/sandbox/box.hpp"

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "emulator/process/exec_note.hpp"
#include "emulator/process/host_launcher.hpp"
#include "emulator/process/spawn.hpp"
#include "emulator/sandbox/init_protocol.hpp"

namespace coldframe {
namespace {

namespace asio = boost::asio;

// The number that a process has for us.
pid_t pid_of(const UniqueFd& pidfd) {
  std::ifstream file("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, 4, "Pid:") == 0) return std::atoi(line.c_str() + 4);
  }
  return 0;
}

std::optional<std::int64_t> free_bytes(int fd) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return std::nullopt;
  return static_cast<std::int64_t>(info.f_bfree) * static_cast<std::int64_t>(info.f_bsize);
}

bool make_non_blocking(const UniqueFd& fd) { return ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0; }

}  // namespace

template <typename Handler>
void Box::wait(Stream& stream, Handler handler) {
  if (!stream.is_open()) return;
  stream.async_wait(Stream::wait_read, [self = shared_from_this(), &stream,
                                        handler](const boost::system::error_code& error) {
    if (!error && stream.is_open()) handler(*self);
  });
}

void Box::prepare(const SandboxPlan& plan, const std::vector<int>& join_fds, Ready ready) {
  ready_ = std::move(ready);
  if (asked_) {
    if (seed_ == Seed::none && runtime_inside_ == 0) {
      seed_ = Seed::forked;
      tell_init(static_cast<std::int64_t>(InitMessage::fork_seed));
    }
    return check_ready();
  }
  auto control = message_pair();
  auto start = message_pair();
  if (!control || !start || !make_non_blocking(control->first) ||
      !make_non_blocking(start->first)) {
    return fail(std::string("no socket: ") + std::strerror(errno));
  }
  boost::system::error_code error;
  control_.assign(control->first.release(), error);
  start_.assign(start->first.release(), error);
  asked_ = true;
  seed_ = Seed::forked;
  wait(control_, [](Box& self) { self.read_control(); });
  wait(start_, [](Box& self) { self.read_start(); });
  server_.create(plan, control->second.get(), start->second.get(), join_fds,
                 [self = shared_from_this()](Result<CreatedSandbox> made) {
                   self->on_created(std::move(made));
                 });
}

void Box::on_created(Result<CreatedSandbox> made) {
  if (!made) return lose(made.error().message);
  if (lost_) return;  // its init ends by the end of our socket
  made_.emplace(std::move(*made));
  tmp_free_when_empty_ = free_bytes(made_->tmp.get()).value_or(0);
  if (made_->hole) observer_->watch_hole(made_->hole.get());
  if (!made_->hole_note.empty() && on_hole_note) on_hole_note(made_->hole_note);
  if (!made_->tmp_note.empty() && on_tmp_note) on_tmp_note(made_->tmp_note);
  boost::system::error_code error;
  const int copy = ::fcntl(made_->init.get(), F_DUPFD_CLOEXEC, 3);
  if (copy >= 0) init_.assign(copy, error);
  if (done_) return end_init();
  check_ready();
}

void Box::check_ready() {
  if (!ready_ || !made_ || seed_ != Seed::ready || seed_pid_ == 0) return;
  if (on_ready) on_ready({made_->forked, seed_joining_});
  auto listeners = std::move(made_->listeners);
  made_->listeners.clear();
  const auto ready = std::exchange(ready_, nullptr);
  ready(std::move(listeners));
}

void Box::fail(const std::string& why) {
  if (const auto ready = std::exchange(ready_, nullptr)) ready(host_error(why));
}

void Box::read_control() {
  for (;;) {
    errno = 0;
    const auto message = receive_message(control_.native_handle());
    if (!message) {
      if (errno != EAGAIN) return lose("the sandbox has ended");
      return wait(control_, [](Box& self) { self.read_control(); });
    }
    on_control(*message);
    if (!control_.is_open()) return;
  }
}

void Box::on_control(const Message& message) {
  MessageReader in = message.reader();
  switch (static_cast<InitMessage>(in.number())) {
    case InitMessage::seed_forked:
      seed_inside_ = in.number();
      seed_pid_ = message.descriptors.empty() ? 0 : pid_of(message.descriptors.front());
      if (seed_pid_ <= 0) return lose("too few descriptors are left");
      return check_ready();
    case InitMessage::exited: {
      const std::int64_t inside = in.number();
      const int native = static_cast<int>(in.number());
      if (inside == runtime_inside_) {
        peak_ = in.number();
        return on_exit(native);
      }
      if (inside == seed_inside_ && seed_ != Seed::none) {
        read_start();  // it may have said why
        seed_ = Seed::none;
        lose("the process that was to become the runtime ended: " +
             exit_reason(ExitStatus::from_wait(native)));
      }
      return;
    }
    case InitMessage::empty:
      seed_ = Seed::none;
      runtime_inside_ = 0;
      if (const auto gone = std::exchange(gone_, nullptr)) gone();
      return;
    case InitMessage::failed:
      return lose(in.text());
    default:
      return;
  }
}

void Box::read_start() {
  if (!start_.is_open()) return;
  for (;;) {
    errno = 0;
    auto message = receive_message(start_.native_handle());
    if (!message) {
      if (errno != EAGAIN) return;  // the control socket tells
      return wait(start_, [](Box& self) { self.read_start(); });
    }
    MessageReader in = message->reader();
    if (static_cast<SeedMessage>(in.number()) == SeedMessage::ready) {
      seed_ = Seed::ready;
      seed_joining_ = Duration(in.number());
      for (auto& listener : message->descriptors)
        observer_->watch_trace(std::move(listener));
      check_ready();
    } else {
      return lose(in.text());
    }
  }
}

// The init has ended or is to end, and with it everybody inside.
void Box::lose(const std::string& why) {
  if (lost_) return;
  // Its sockets close before those inside have ended; that all have, its pidfd tells.
  if (done_ && init_.is_open()) return;
  lost_ = true;
  if (made_) ::syscall(SYS_pidfd_send_signal, made_->init.get(), SIGKILL, nullptr, 0U);
  release();
  if (runtime_inside_ != 0) on_exit(SIGKILL);
  fail(why);
  if (const auto gone = std::exchange(gone_, nullptr)) gone();
}

void Box::launch(const ProcessSpec& spec, ProcessEvents& events) {
  spec_ = spec;
  events_ = &events;
  launch_failed_ = false;
  inherited_peak_ = peak_ = 0;
  runtime_pid_ = std::exchange(seed_pid_, 0);
  runtime_inside_ = std::exchange(seed_inside_, 0);
  seed_ = Seed::none;
  output_.emplace(io_, log_, [this](const LogEvent& event) {
    if (events_ != nullptr) events_->on_log(event);
  });
  auto ends = output_->open();
  if (!ends) return fail_later("cannot make a pipe: " + ends.error().message);
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) {
    return fail_later(std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  const UniqueFd report_end(report[1]);
  boost::system::error_code error;
  ::fcntl(report[0], F_SETFL, O_NONBLOCK);
  exec_report_.assign(report[0], error);
  MessageWriter out;
  out.number(static_cast<std::int64_t>(SeedMessage::run));
  out.text(spec.executable);
  out.texts(spec.argv);
  out.texts(spec.environment);
  out.text(spec.working_directory);
  out.numbers(spec.cpus);
  out.number(k_log_fd_number);
  if (!send_message(start_.native_handle(), out,
                    {ends->out.get(), ends->err.get(), ends->log.get(), report_end.get()})) {
    return fail_later(std::string("the seed does not listen: ") + std::strerror(errno));
  }
  output_->start();
  wait(exec_report_, [](Box& self) { self.read_exec_report(); });
}

void Box::read_exec_report() {
  if (!exec_report_.is_open()) return;
  ExecNote note{};
  const ssize_t got = ::read(exec_report_.native_handle(), &note, sizeof note);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return wait(exec_report_, [](Box& self) { self.read_exec_report(); });
  }
  if (got == static_cast<ssize_t>(sizeof note) && note.stage == ExecStage::about_to_exec) {
    inherited_peak_ = note.inherited_peak;
    return read_exec_report();
  }
  boost::system::error_code ignored;
  exec_report_.close(ignored);
  if (got != static_cast<ssize_t>(sizeof note)) return;  // closed by exec
  launch_failed_ = true;
  if (events_ != nullptr && !gone_) events_->on_launch_failed(explain(note, spec_));
}

void Box::fail_later(std::string why) {
  launch_failed_ = true;
  asio::post(io_, [self = shared_from_this(), why = std::move(why)] {
    if (self->events_ != nullptr) {
      self->events_->on_launch_failed({LaunchFailure::Stage::host, why});
    }
  });
}

void Box::on_exit(int native) {
  runtime_inside_ = 0;
  read_exec_report();
  if (output_) output_->drain();
  if (events_ != nullptr && !gone_ && !launch_failed_) {
    events_->on_exit(ExitStatus::from_wait(native));
  }
}

void Box::kill_all(std::function<void()> gone) {
  gone_ = std::move(gone);
  if (!lost_) return tell_init(static_cast<std::int64_t>(InitMessage::kill_all));
  asio::post(io_, [self = shared_from_this()] {
    if (const auto ready = std::exchange(self->gone_, nullptr)) ready();
  });
}

void Box::tell_init(std::int64_t order) {
  if (!control_.is_open()) return;
  MessageWriter out;
  out.number(order);
  if (!send_message(control_.native_handle(), out)) {
    // It has ended: the socket's end tells, if not already.
    wait(control_, [](Box& self) { self.read_control(); });
  }
}

void Box::forget_process() {
  events_ = nullptr;
  if (output_) output_->close();
  boost::system::error_code ignored;
  exec_report_.close(ignored);
}

void Box::close(std::function<void()> done) {
  closed_ = true;
  ready_ = nullptr;
  if (!asked_ || lost_) return done();
  done_ = std::move(done);
  if (made_) end_init();  // else when the server has answered
}

void Box::end_init() {
  if (!init_.is_open()) return release();
  ::syscall(SYS_pidfd_send_signal, init_.native_handle(), SIGKILL, nullptr, 0U);
  wait(init_, [](Box& self) { self.release(); });
}

// The last user of a file system pays for its end, which can take 50 ms: not this thread.
void Box::release() {
  boost::system::error_code ignored;
  control_.close(ignored);
  start_.close(ignored);
  init_.close(ignored);
  observer_->stop();
  if (made_) {
    auto made = std::make_shared<CreatedSandbox>(std::move(*made_));
    made_.reset();
    offload_.run(
        [made]() mutable {
          made.reset();
          return true;
        },
        [](bool) {});
  }
  if (const auto done = std::exchange(done_, nullptr)) done();
}

void Box::abandon() {
  forget_process();
  ready_ = nullptr;
  gone_ = nullptr;
  if (!closed_) close([] {});
}

std::optional<FinalMemory> Box::final_memory() const {
  if (peak_ == 0 || launch_failed_) return std::nullopt;
  return FinalMemory{peak_, inherited_peak_};
}

std::optional<std::int64_t> Box::tmp_used_bytes() const {
  if (!made_) return std::nullopt;
  const auto free = free_bytes(made_->tmp.get());
  if (!free) return std::nullopt;
  return std::max<std::int64_t>(0, tmp_free_when_empty_ - *free);
}

}  // namespace coldframe
