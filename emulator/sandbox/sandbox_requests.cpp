#include "emulator/sandbox/sandbox_requests.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "emulator/sandbox/plan_message.hpp"

namespace coldframe {
namespace {

namespace asio = boost::asio;

constexpr const char* k_ended = "the sandbox server has ended";

TimePoint now() { return std::chrono::steady_clock::now(); }

Result<CreatedSandbox> unpack(Message& answer) {
  MessageReader in = answer.reader();
  (void)in.number();
  if (in.number() != 1) return host_error("no sandbox could be made: " + in.text());
  CreatedSandbox made;
  made.forked = TimePoint(Duration(in.number()));
  made.tmp_note = in.text();
  made.hole_note = in.text();
  const bool has_hole = in.number() == 1;
  auto next = answer.descriptors.begin();
  const auto left = [&] { return answer.descriptors.end() - next; };
  if (answer.truncated || left() < (has_hole ? 3 : 2)) {
    return host_error("no sandbox could be made: too few descriptors are left");
  }
  made.init = std::move(*next++);
  made.tmp = std::move(*next++);
  if (has_hole) made.hole = std::move(*next++);
  if (left() > 0) made.network = std::move(*next++);
  while (left() > 0)
    made.listeners.push_back(std::move(*next++));
  return made;
}

Result<UniqueFd> unpack_socket(Message& answer) {
  MessageReader in = answer.reader();
  (void)in.number();
  if (in.number() != 1) return host_error(in.text());
  if (answer.truncated || answer.descriptors.empty()) {
    return host_error("too few descriptors are left");
  }
  return std::move(answer.descriptors.front());
}

}  // namespace

void SandboxRequests::attach(asio::io_context& io) {
  io_ = &io;
  ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  stream_.emplace(io, socket_.get());
  timer_.emplace(io);
  wait();
  send_waiting();
}

void SandboxRequests::detach() {
  if (stream_) (void)stream_->release();
  stream_.reset();
  timer_.reset();
  waiting_.clear();
  under_way_.clear();
  io_ = nullptr;
}

void SandboxRequests::close() {
  detach();
  socket_.reset();
}

std::int64_t SandboxRequests::create(const SandboxPlan& plan, UniqueFd control, UniqueFd start,
                                     const std::vector<int>& join_fds, Done done) {
  const std::int64_t number = ++latest_;
  Waiting request;
  request.done = [done = std::move(done)](Result<Message*> answer) {
    done(answer ? unpack(**answer) : Result<CreatedSandbox>(answer.error()));
  };
  request.message.number(number);
  write_plan(request.message, plan);
  std::vector<int> descriptors{control.get(), start.get()};
  descriptors.insert(descriptors.end(), join_fds.begin(), join_fds.end());
  request.descriptors.push_back(std::move(control));
  request.descriptors.push_back(std::move(start));
  ask(number, std::move(request), descriptors, 2);
  return number;
}

void SandboxRequests::open_socket(int network, GotSocket done) {
  const std::int64_t number = ++latest_;
  Waiting request;
  request.done = [done = std::move(done)](Result<Message*> answer) {
    done(answer ? unpack_socket(**answer) : Result<UniqueFd>(answer.error()));
  };
  request.message.number(-number);  // what makes it another kind of request
  ask(number, std::move(request), {network}, 0);
}

// Of `descriptors` the first are owned by the request; of the others it needs copies if it waits.
void SandboxRequests::ask(std::int64_t number, Waiting request, const std::vector<int>& descriptors,
                          std::size_t owned) {
  if (io_ != nullptr && waiting_.empty() && send(number, request, descriptors)) return;
  for (std::size_t i = owned; i < descriptors.size(); ++i) {
    UniqueFd copy(::fcntl(descriptors[i], F_DUPFD_CLOEXEC, 3));
    if (!copy) return fail_soon(std::move(request.done), "too few descriptors are left");
    request.descriptors.push_back(std::move(copy));
  }
  waiting_.emplace(number, std::move(request));
}

bool SandboxRequests::withdraw(std::int64_t number) { return waiting_.erase(number) != 0; }

bool SandboxRequests::ended() const {
  char byte = 0;
  const ssize_t got = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return told_of_end_ || got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

// False: as many are under way as may be.
bool SandboxRequests::send(std::int64_t number, Waiting& request,
                           const std::vector<int>& descriptors) {
  if (under_way_.size() >= k_most_under_way) return false;
  if (send_message(socket_.get(), request.message, descriptors)) {
    under_way_.emplace(number, UnderWay{now(), std::move(request.done)});
    if (under_way_.size() == 1) await_patience();
    return true;
  }
  // Full in spite of the bound: the answers of those under way are the next occasion.
  if (errno == EAGAIN && !under_way_.empty()) return false;
  fail_soon(std::move(request.done),
            errno == EPIPE || errno == ECONNRESET
                ? k_ended
                : std::string("the sandbox server does not listen: ") + std::strerror(errno));
  return true;
}

void SandboxRequests::send_waiting() {
  while (!waiting_.empty()) {
    auto& [number, request] = *waiting_.begin();
    std::vector<int> descriptors;
    for (const auto& fd : request.descriptors)
      descriptors.push_back(fd.get());
    if (!send(number, request, descriptors)) return;
    waiting_.erase(waiting_.begin());
  }
}

void SandboxRequests::fail_soon(Answered done, std::string why) {
  asio::post(*io_, [done = std::move(done), why = std::move(why)] { done(host_error(why)); });
}

void SandboxRequests::wait() {
  stream_->async_wait(
      asio::posix::stream_descriptor::wait_read,
      [this, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& error) {
        if (!error && !alive.expired()) read();
      });
}

void SandboxRequests::read() {
  while (stream_) {
    errno = 0;
    auto message = receive_message(socket_.get());
    if (!message) {
      if (errno == EAGAIN) return wait();
      return fail_all(k_ended);
    }
    answer(*message);
    if (stream_) send_waiting();
  }
}

void SandboxRequests::answer(Message& message) {
  MessageReader in = message.reader();
  const std::int64_t number = in.number();
  if (number == 0 && told_) told_(in.text());
  auto request = under_way_.extract(number);
  if (request.empty()) return;
  answered_ = now();
  const Answered done = std::move(request.mapped().done);
  // It makes one after the other: what came before was answered too, and its answer has been lost.
  std::vector<Answered> lost;
  while (!under_way_.empty() && under_way_.begin()->first < number)
    lost.push_back(std::move(under_way_.extract(under_way_.begin()).mapped().done));
  done(&message);
  for (const auto& one : lost)
    one(host_error("the sandbox server's answer was lost"));
}

void SandboxRequests::await_patience() {
  // The server makes one after the other: while answers come, a later one only waits for its turn.
  timer_->expires_at(std::max(under_way_.begin()->second.sent, answered_) + patience_);
  timer_->async_wait(
      [this, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& error) {
        if (!error && !alive.expired() && timer_) on_patience();
      });
}

// An answer may be lost, or the server hang, on a dead network file system perhaps.
void SandboxRequests::on_patience() {
  const TimePoint late = now() - patience_;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_).count();
  const std::string why =
      "the sandbox server has not answered for " + std::to_string(seconds) + " s";
  if (!under_way_.empty() && under_way_.begin()->second.sent <= late && answered_ <= late) {
    fail_all(why);
  }
  if (!timer_) return;
  if (!under_way_.empty()) await_patience();
  send_waiting();
}

void SandboxRequests::fail_all(const std::string& why) {
  if (why == k_ended && !std::exchange(told_of_end_, true) && told_) {
    told_(std::string(k_ended) + ", and everybody in a sandbox with it: none can be made any more");
  }
  const auto under_way = std::exchange(under_way_, {});
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& [number, request] : under_way)
    request.done(host_error(why));
  for (const auto& [number, request] : waiting)
    request.done(host_error(why));
}

}  // namespace coldframe
