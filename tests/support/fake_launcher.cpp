#include "tests/support/fake_launcher.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace coldframe::testing {

// What the environment holds: dropping it ends the process without a word, as on a host.
class FakeLauncher::Handle final : public RuntimeProcess {
 public:
  Handle(FakeLauncher& launcher, FakeProcess& process) : launcher_(launcher), process_(process) {}
  ~Handle() override {
    process_.end();
    process_.events_ = nullptr;
  }
  pid_t pid() const override { return launcher_.pid_; }
  void drain_output() override {}
  void end_lines() override { process_.end_line(); }
  void signal(int number) override { launcher_.signal(process_, number); }
  void kill(std::function<void()> gone) override { launcher_.kill(process_, std::move(gone)); }

 private:
  FakeLauncher& launcher_;
  FakeProcess& process_;
};

// From here on nothing is heard of the process but what it has printed by then.
ProcessEvents* FakeProcess::end() { return std::exchange(running_, false) ? events_ : nullptr; }

void FakeProcess::exit(int code) {
  if (auto* events = end()) events->on_exit(ExitStatus::exited(code));
}

void FakeProcess::signal(int number) {
  if (auto* events = end()) events->on_exit(ExitStatus::signaled(number));
}

void FakeProcess::lose(const std::string& why) {
  if (auto* events = end()) events->on_lost(why);
}

void FakeProcess::fail_launch(LaunchFailure::Stage stage, const std::string& reason) {
  if (auto* events = end()) events->on_launch_failed({stage, reason});
}

void FakeProcess::begin_line(std::string_view text) { begun_ += text; }

void FakeProcess::end_line() {
  if (!begun_.empty()) tell(std::exchange(begun_, ""));
}

void FakeProcess::tell(std::string_view text) {
  if (events_ != nullptr) events_->on_log({LogLevel::undefined, false, text});
}

void FakeProcess::print(std::string_view text) {
  while (!text.empty() && running_) {
    const auto end_of_line = std::min(text.find('\n'), text.size());
    tell(text.substr(0, end_of_line));
    text.remove_prefix(std::min(end_of_line + 1, text.size()));
  }
}

void FakeProcess::log(LogLevel level, std::string_view text) {
  if (running_) events_->on_log({level, false, text});
}

std::optional<std::string> FakeProcess::variable(std::string_view name) const {
  for (const auto& entry : spec_.environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

std::uint16_t FakeProcess::port() const {
  const std::string api = variable("AWS_LAMBDA_RUNTIME_API").value_or("");
  const auto colon = api.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("no port in '" + api + "'");
  return static_cast<std::uint16_t>(std::atoi(api.c_str() + colon + 1));
}

int FakeLauncher::running() const {
  return static_cast<int>(std::count_if(processes_.begin(), processes_.end(),
                                        [](const auto& process) { return process->running(); }));
}

std::unique_ptr<RuntimeProcess> FakeLauncher::launch(ProcessSpec spec, ProcessEvents& events) {
  processes_.push_back(std::make_unique<FakeProcess>(std::move(spec), events));
  return std::make_unique<Handle>(*this, *processes_.back());
}

void FakeLauncher::signal(FakeProcess& process, int number) {
  if (io_ == nullptr) throw std::logic_error("FakeLauncher::attach() was not called");
  if (!process.running()) return;
  process.signals_.push_back(number);
  if (number == SIGTERM && process.outlives_sigterm_) return;
  boost::asio::post(*io_, [&process, number] { process.signal(number); });
}

void FakeLauncher::kill(FakeProcess& process, std::function<void()> gone) {
  if (io_ == nullptr) throw std::logic_error("FakeLauncher::attach() was not called");
  process.killed_ = process.killed_ || process.running();
  process.end();
  process.events_ = nullptr;
  if (holds_) return dying_.push_back(std::move(gone));
  boost::asio::post(*io_, std::move(gone));
}

void FakeLauncher::let_die() {
  holds_ = false;
  for (auto& gone : std::exchange(dying_, {}))
    boost::asio::post(*io_, std::move(gone));
}

}  // namespace coldframe::testing
