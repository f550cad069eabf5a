#include "emulator/sandbox/box.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "emulator/base/assign_stream.hpp"
#include "emulator/base/pidfd.hpp"
#include "emulator/sandbox/tmp_disk.hpp"

namespace coldframe {
namespace {

namespace asio = boost::asio;

constexpr const char* k_not_ready = "the sandbox was not ready after ";
constexpr const char* k_outlived = "processes of a sandbox outlived SIGKILL for ";

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

// The emulator's ends are given to the loop, the others returned.
bool Box::open_sockets(UniqueFd& control, UniqueFd& start) {
  const auto open = [](Stream& stream, UniqueFd& other) {
    auto ends = message_pair();
    if (!ends || !make_non_blocking(ends->first)) return false;
    other = std::move(ends->second);
    errno = assign_stream(stream, std::move(ends->first));
    return errno == 0;
  };
  return open(control_, control) && open(start_, start);
}

void Box::prepare(const SandboxPlan& plan, const std::vector<int>& join_fds, Ready ready) {
  ready_ = std::move(ready);
  if (request_ != 0) {
    seed_is_old_ = true;
    if (seed_ == Seed::none && gone_.empty()) want_seed();
    return check_ready();
  }
  UniqueFd control;
  UniqueFd start;
  if (!open_sockets(control, start)) return lose(std::string("no socket: ") + std::strerror(errno));
  seed_ = Seed::forked;
  wait(control_, [](Box& self) { self.read_control(); });
  wait(start_, [](Box& self) { self.read_start(); });
  request_ = server_.create(plan, std::move(control), std::move(start), join_fds,
                            [self = shared_from_this()](Result<CreatedSandbox> made) {
                              self->on_created(std::move(made));
                            });
}

void Box::on_created(Result<CreatedSandbox> made) {
  if (!made) return lose(made.error().message);
  if (lost_) return dispose(std::move(*made));  // its init ends by the end of our socket
  made_.emplace(std::move(*made));
  tmp_free_when_empty_ = free_bytes_of(made_->tmp.get()).value_or(0);
  if (made_->hole) observer_->watch_hole(made_->hole.get());
  if (!made_->hole_note.empty() && on_hole_note) on_hole_note(made_->hole_note);
  if (!made_->tmp_note.empty() && on_tmp_note) on_tmp_note(made_->tmp_note);
  UniqueFd copy(::fcntl(made_->init.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return lose("too few descriptors are left");
  if (const int problem = assign_stream(init_, std::move(copy)); problem != 0) {
    return lose(std::string("its end cannot be watched: ") + std::strerror(problem));
  }
  if (done_) return end_init();
  expect(patience_.ready, k_not_ready);
  check_ready();
}

void Box::want_seed() {
  seed_is_wanted_ = unread_ != nullptr;
  if (!seed_is_wanted_) fork_seed();
}

// It has read its order, or has ended: the next one passes over what it finds of others.
void Box::on_begun(const BoxedRuntime* process) {
  if (process != unread_) return;
  unread_ = nullptr;
  if (std::exchange(seed_is_wanted_, false) && !lost_) fork_seed();
}

void Box::fork_seed() {
  seed_ = Seed::forked;
  seed_is_old_ = false;
  expect(patience_.ready, k_not_ready);
  tell_init(InitMessage::fork_seed);
}

void Box::check_ready() {
  if (!made_ || seed_ != Seed::ready || seed_numbers_.outside == 0) return;
  if (gone_.empty() && !done_) expect_nothing();
  if (!ready_) return;
  if (on_ready) on_ready({made_->forked, seed_joining_});
  auto listeners = std::exchange(made_->listeners, {});
  const auto ready = std::exchange(ready_, nullptr);
  ready(std::move(listeners));
}

void Box::fail(const std::string& why) {
  if (const auto ready = std::exchange(ready_, nullptr)) ready(host_error(why));
}

void Box::read_control() {
  while (control_.is_open()) {
    errno = 0;
    const auto message = receive_message(control_.native_handle());
    if (!message) {
      if (errno != EAGAIN) return on_ended();
      return wait(control_, [](Box& self) { self.read_control(); });
    }
    on_control(*message);
  }
}

// The server tells of its own end, for all of them.
void Box::on_ended() {
  if (lost_ || is_ending()) return;
  if (server_.ended()) return lose("the sandbox server has ended");
  const std::string why = "the first process of a sandbox has ended";
  if (!running_.empty() && gone_.empty()) log_.write("coldframe: " + why + ", and all in it\n");
  lose(why);
}

void Box::on_control(const Message& message) {
  MessageReader in = message.reader();
  switch (static_cast<InitMessage>(in.number())) {
    case InitMessage::seed_forked:
      seed_numbers_.inside = in.number();
      seed_numbers_.outside =
          message.descriptors.empty() ? 0 : pid_of(message.descriptors.front().get());
      if (message.descriptors.empty()) return lose("too few descriptors are left");
      if (seed_numbers_.outside <= 0) return read_start();  // it has ended; perhaps it says why
      return check_ready();
    case InitMessage::exited: {
      const std::int64_t inside = in.number();
      const int native = static_cast<int>(in.number());
      return on_exited(inside, native, in.number());
    }
    case InitMessage::empty:
      expect_nothing();
      seed_ = Seed::none;
      running_.clear();
      unread_ = nullptr;
      seed_is_wanted_ = false;
      for (const auto& gone : std::exchange(gone_, {}))
        gone();
      return;
    case InitMessage::failed:
      if (!is_ending()) lose(in.text());
      return;
    default:
      return;
  }
}

void Box::on_exited(std::int64_t inside, int native, std::int64_t peak) {
  if (seed_ != Seed::none && inside == seed_numbers_.inside) read_start();  // it may have said why
  const auto running = std::find_if(running_.begin(), running_.end(), [&](const auto& one) {
    return one->numbers().inside == inside;
  });
  if (running != running_.end()) {
    const auto ended = std::move(*running);
    running_.erase(running);
    ended->on_exit(native, peak);
    return on_begun(ended.get());
  }
  if (lost_ || seed_ == Seed::none || inside != seed_numbers_.inside) return;
  seed_ = Seed::none;
  seed_numbers_ = {};
  expect_nothing();
  if (!ready_) return;                   // nobody waits for it
  if (seed_is_old_) return fork_seed();  // it was killed before it was asked for again
  lose("the process that was to become the runtime ended: " +
       exit_reason(ExitStatus::from_wait(native)));
}

void Box::read_start() {
  while (start_.is_open()) {
    errno = 0;
    auto message = receive_message(start_.native_handle());
    if (!message) {
      if (errno != EAGAIN) return;  // the control socket tells
      return wait(start_, [](Box& self) { self.read_start(); });
    }
    // With a trace whose listener is lost, every call that it looks at would fail.
    if (message->truncated) return lose("too few descriptors are left");
    MessageReader in = message->reader();
    if (static_cast<SeedMessage>(in.number()) != SeedMessage::ready) {
      if (!is_ending()) lose(in.text());
      return;
    }
    seed_ = Seed::ready;
    seed_joining_ = Duration(in.number());
    for (auto& listener : message->descriptors)
      observer_->watch_trace(std::move(listener));
    check_ready();
  }
}

void Box::lose(const std::string& why) {
  if (lost_) return;
  lost_ = true;
  if (made_) signal_by(made_->init.get(), SIGKILL);
  release();
  for (const auto& one : std::exchange(running_, {}))
    one->on_lost(why);
  fail(why);
  for (const auto& gone : std::exchange(gone_, {}))
    gone();
}

std::shared_ptr<BoxedRuntime> Box::launch(const ProcessSpec& spec, ProcessEvents& events) {
  auto runtime =
      std::make_shared<BoxedRuntime>(io_, log_, spec, events, std::exchange(seed_numbers_, {}));
  running_.push_back(runtime);
  seed_ = Seed::none;
  unread_ = runtime.get();
  runtime->start(start_.native_handle(), [weak = weak_from_this(), process = unread_] {
    if (const auto self = weak.lock()) self->on_begun(process);
  });
  return runtime;
}

void Box::kill_all(std::function<void()> gone) {
  gone_.push_back(std::move(gone));
  if (gone_.size() > 1) return;  // it is under way
  seed_is_wanted_ = false;
  for (const auto& one : running_)
    one->end();
  if (!lost_) {
    expect(patience_.kill, k_outlived);
    return tell_init(InitMessage::kill_all);
  }
  asio::post(io_, [self = shared_from_this()] {
    for (const auto& one : std::exchange(self->gone_, {}))
      one();
  });
}

void Box::signal(const BoxedRuntime& process, int number) {
  if (!control_.is_open()) return;
  MessageWriter out;
  out.number(static_cast<std::int64_t>(InitMessage::signal));
  out.number(process.numbers().inside);
  out.number(number);
  send_message(control_.native_handle(), out);  // if not, all are killed later
}

void Box::tell_init(InitMessage order) {
  if (!control_.is_open()) return;
  MessageWriter out;
  out.number(static_cast<std::int64_t>(order));
  if (send_message(control_.native_handle(), out)) return;
  asio::post(io_, [self = shared_from_this(), full = errno == EAGAIN] {
    full ? self->lose("the first process of a sandbox does not listen") : self->on_ended();
  });
}

void Box::open_socket(SandboxRequests::GotSocket done) {
  if (lost_ || !made_ || !made_->network) return done(host_error("it has no network of its own"));
  server_.open_socket(made_->network.get(), std::move(done));
}

// One thing at a time is expected; the latest.
void Box::expect(std::chrono::milliseconds patience, const char* what) {
  timer_.expires_after(patience);
  timer_.async_wait(
      [self = shared_from_this(), patience, what](const boost::system::error_code& error) {
        // Perhaps it has gone off, and was set again, or to never, since.
        if (error || self->timer_.expiry() > std::chrono::steady_clock::now()) return;
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
        const std::string why = what + std::to_string(seconds) + " s";
        if (what == k_outlived) self->log_.write("coldframe: " + why + "\n");
        self->done_ ? self->release() : self->lose(why);
      });
}

void Box::close(std::function<void()> done) {
  closed_ = true;
  ready_ = nullptr;
  if (request_ == 0 || lost_) return done();
  done_ = std::move(done);
  lost_ = server_.withdraw(request_);
  if (lost_) return release();
  if (made_) end_init();  // else when the server has answered
}

void Box::end_init() {
  expect(patience_.kill, k_outlived);
  signal_by(init_.native_handle(), SIGKILL);
  wait(init_, [](Box& self) { self.release(); });
}

void Box::release() {
  boost::system::error_code ignored;
  expect_nothing();
  control_.close(ignored);
  start_.close(ignored);
  init_.close(ignored);
  observer_->stop();
  if (made_) dispose(std::move(*std::exchange(made_, std::nullopt)));
  if (const auto done = std::exchange(done_, nullptr)) done();
}

// The last user of a file system pays for its end, which can take 50 ms: not this thread.
void Box::dispose(CreatedSandbox made) {
  offload_.run([made = std::move(made)]() mutable { const auto ended = std::move(made); });
}

void Box::abandon() {
  ready_ = nullptr;
  gone_.clear();
  done_ = nullptr;
  if (!closed_) close([] {});
}

std::optional<std::int64_t> Box::tmp_used_bytes() const {
  const auto free = made_ ? free_bytes_of(made_->tmp.get()) : std::nullopt;
  if (!free) return std::nullopt;
  return std::max<std::int64_t>(0, tmp_free_when_empty_ - *free);
}

}  // namespace coldframe
