#include "emulator/process/host_launcher.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/process/v2/process.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "emulator/base/assign_stream.hpp"
#include "emulator/process/child_output.hpp"
#include "emulator/process/exec_report.hpp"
#include "emulator/process/spawn.hpp"

namespace coldframe {
namespace {

namespace asio = boost::asio;
namespace bp = boost::process::v2;

// The shared part: callbacks of the loop may outlive the RuntimeProcess that the environment holds.
class Child : public std::enable_shared_from_this<Child> {
 public:
  Child(asio::io_context& io, Offload& offload, RunRegistry& registry, Orphans& orphans,
        TextSink& log, ProcessSpec spec, ProcessEvents& events)
      : io_(io),
        offload_(offload),
        registry_(registry),
        orphans_(orphans),
        log_(log),
        spec_(std::move(spec)),
        events_(&events),
        exec_report_(io),
        exit_watch_(io),
        output_(io, log, [this](const LogEvent& event) {
          if (events_ != nullptr) events_->on_log(event);
        }) {}

  void start();
  ChildOutput& output() { return output_; }
  void kill(std::function<void()> gone);
  void abandon();
  void signal_group(int number);
  pid_t pid() const { return pid_; }
  bool exited() const { return exited_; }
  std::optional<FinalMemory> final_memory() const {
    if (peak_ == 0 || launch_failed_) return std::nullopt;
    return FinalMemory{peak_, exec_report_.inherited_peak()};
  }

 private:
  using Process = bp::basic_process<asio::io_context::executor_type>;

  void fail_later(LaunchFailure failure);
  int watch(Spawned& spawned);
  void on_exec_failed(const ExecNote& note);
  void watch_exit();
  void on_exit();
  void end_scope(int tries);
  void leave_behind(int alive);
  void finish_kill();

  asio::io_context& io_;
  Offload& offload_;
  RunRegistry& registry_;
  Orphans& orphans_;
  TextSink& log_;
  ProcessSpec spec_;
  ProcessEvents* events_;  // null once nobody listens any more
  pid_t pid_ = -1;
  std::optional<Process> process_;
  ExecReport exec_report_;
  asio::posix::stream_descriptor exit_watch_;  // a copy of the pidfd
  ChildOutput output_;
  std::int64_t peak_ = 0;  // of the ended process, as the kernel has it; 0: not known
  bool exited_ = false;
  bool launch_failed_ = false;
  bool scope_clear_ = false;
  bool left_behind_ = false;
  std::function<void()> gone_;
};

void Child::fail_later(LaunchFailure failure) {
  launch_failed_ = exited_ = true;
  asio::post(io_, [self = shared_from_this(), failure = std::move(failure)] {
    if (self->events_ != nullptr) self->events_->on_launch_failed(failure);
  });
}

void Child::start() {
  auto ends = output_.open();
  if (!ends) {
    return fail_later(
        {LaunchFailure::Stage::host, "cannot make a pipe: " + lower_first(ends.error().message)});
  }
  SpawnPlan plan;
  plan.executable = spec_.executable;
  plan.argv = spec_.argv;
  plan.environment = spec_.environment;
  plan.working_directory = spec_.working_directory;
  plan.stdout_fd = ends->out.get();
  plan.stderr_fd = ends->err.get();
  plan.log_fd = ends->log.get();
  plan.log_fd_number = k_log_fd_number;
  plan.join_fds = spec_.join_fds;
  plan.cpus = spec_.cpus;
  registry_.expect(spec_.marker);
  auto spawned = spawn(plan);
  if (!spawned) {
    registry_.forget(spec_.marker);
    return fail_later({LaunchFailure::Stage::host, spawned.error().message});
  }
  pid_ = spawned->pid;
  orphans_.claim(pid_);
  registry_.add({pid_, spec_.marker});
  if (const int problem = watch(*spawned); problem != 0) {
    // Nobody would learn of its end: it goes at once.
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    orphans_.release(pid_);
    registry_.remove(pid_);
    pid_ = -1;
    return fail_later({LaunchFailure::Stage::host,
                       "cannot watch the process: " + lower_first(std::strerror(problem))});
  }
  output_.start();
  exec_report_.wait(shared_from_this(), [this](const ExecNote& note) { on_exec_failed(note); });
  watch_exit();
}

// Gives the loop what tells of the exec and of the exit. Returns 0 or errno.
int Child::watch(Spawned& spawned) {
  UniqueFd copy(::fcntl(spawned.pidfd.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return errno;
  if (const int problem = assign_stream(exit_watch_, std::move(copy)); problem != 0) return problem;
  if (const int problem = exec_report_.assign(std::move(spawned.exec_report)); problem != 0) {
    return problem;
  }
  try {
    process_.emplace(io_.get_executor(), spawned.pid, spawned.pidfd.get());
  } catch (const boost::system::system_error& failure) {
    return failure.code().value();
  }
  (void)spawned.pidfd.release();
  return 0;
}

void Child::on_exec_failed(const ExecNote& note) {
  launch_failed_ = true;
  if (events_ != nullptr && !gone_) events_->on_launch_failed(explain(note, spec_));
}

// Readiness is a hint: Asio may report it for a descriptor that had its place before, and
// Boost.Process would then block in waitpid() on a living child. So it is asked to wait only when
// the kernel says that there is something to collect.
void Child::watch_exit() {
  exit_watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (error) return;
                           siginfo_t info{};
                           rusage usage{};
                           // Not waitid(2) of the C library, which has no room for the usage.
                           const auto result = ::syscall(SYS_waitid, P_PID, self->pid_, &info,
                                                         WEXITED | WNOWAIT | WNOHANG, &usage);
                           // ECHILD: somebody in this program collects children that are not his.
                           if (result == 0 && info.si_pid == 0) return self->watch_exit();
                           if (result == 0) self->peak_ = std::int64_t{usage.ru_maxrss} * 1024;
                           self->on_exit();
                         });
}

void Child::on_exit() {
  if (exited_) return;
  exited_ = true;
  boost::system::error_code ignored;
  process_->wait(ignored);
  orphans_.release(pid_);
  exit_watch_.close(ignored);
  const int native = process_->native_exit_code();
  // Reaped: the number may be given to another child of ours from now on.
  (void)process_->detach();
  exec_report_.read();
  output_.drain();
  if (gone_) return finish_kill();
  if (events_ != nullptr && !launch_failed_) events_->on_exit(ExitStatus::from_wait(native));
}

void Child::signal_group(int number) {
  if (pid_ <= 0) return;
  // Before the child has called setsid() there is no such group yet.
  if (::kill(-pid_, number) != 0 && !exited_) ::kill(pid_, number);
}

void Child::kill(std::function<void()> gone) {
  gone_ = std::move(gone);
  if (pid_ <= 0) {
    scope_clear_ = true;
    asio::post(io_, [self = shared_from_this()] { self->finish_kill(); });
    return;
  }
  signal_group(SIGKILL);
  end_scope(5);
}

void Child::end_scope(int tries) {
  offload_.run(
      [scope = KillScope{pid_, spec_.marker}] {
        return kill_scopes({scope}, std::chrono::seconds(2));
      },
      [self = shared_from_this(), tries](const KillReport& report) {
        if (report.alive > 0 && tries > 1) return self->end_scope(tries - 1);
        if (report.alive > 0) self->leave_behind(report.alive);
        self->scope_clear_ = true;
        self->finish_kill();
      });
}

// Not even SIGKILL ends what sleeps in the kernel. The registry keeps it for the guard and the next
// start.
void Child::leave_behind(int alive) {
  log_.write("coldframe: " + std::to_string(alive) + (alive == 1 ? " process" : " processes") +
             " of process group " + std::to_string(pid_) + " outlived SIGKILL for 10 s\n");
  left_behind_ = true;
  if (exited_) return;
  exited_ = true;
  boost::system::error_code ignored;
  exit_watch_.close(ignored);
  (void)process_->detach();
  orphans_.release(pid_);
}

void Child::finish_kill() {
  if (!gone_ || !exited_ || !scope_clear_) return;
  orphans_.collect();
  output_.close();
  if (!left_behind_) registry_.remove(pid_);
  events_ = nullptr;
  auto gone = std::move(gone_);
  gone_ = nullptr;
  gone();
}

void Child::abandon() {
  events_ = nullptr;
  if (!exited_) signal_group(SIGKILL);
  if (pid_ > 0 && !scope_clear_) registry_.remove(pid_);
  output_.close();
  gone_ = nullptr;
}

class HostProcess final : public RuntimeProcess {
 public:
  explicit HostProcess(std::shared_ptr<Child> child) : child_(std::move(child)) {}
  ~HostProcess() override { child_->abandon(); }
  pid_t pid() const override { return child_->pid(); }
  void drain_output() override { child_->output().drain(); }
  void drain_leftover() override { child_->output().drain_leftover(); }
  void end_lines() override { child_->output().end_lines(); }
  // Once it has been collected, its number may be somebody else's group.
  void suspend() override {
    if (!child_->exited()) child_->signal_group(SIGSTOP);
  }
  void resume() override {
    if (!child_->exited()) child_->signal_group(SIGCONT);
  }
  void signal(int number) override {
    if (!child_->exited()) child_->signal_group(number);
  }
  void kill(std::function<void()> gone) override { child_->kill(std::move(gone)); }
  std::optional<FinalMemory> final_memory() const override { return child_->final_memory(); }

 private:
  std::shared_ptr<Child> child_;
};

}  // namespace

std::unique_ptr<RuntimeProcess> HostLauncher::launch(ProcessSpec spec, ProcessEvents& events) {
  auto child =
      std::make_shared<Child>(io_, offload_, registry_, orphans_, log_, std::move(spec), events);
  child->start();
  return std::make_unique<HostProcess>(std::move(child));
}

}  // namespace coldframe
