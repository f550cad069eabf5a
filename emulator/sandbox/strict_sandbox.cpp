#include "emulator/sandbox/strict_sandbox.hpp"

#include <sys/stat.h>

#include <utility>

#include "emulator/cgroup/cpu_share.hpp"
#include "emulator/sandbox/box.hpp"

namespace coldframe {
namespace {

using Identities = std::vector<std::pair<dev_t, ino_t>>;

// Which directories and files of the host it shows; (0, 0): none of that name.
Identities identities(const SandboxPlan& plan) {
  Identities out;
  const auto add = [&](const std::string& path) {
    struct stat info {};
    const bool there = ::stat(path.c_str(), &info) == 0;
    out.emplace_back(there ? info.st_dev : 0, there ? info.st_ino : 0);
  };
  add(plan.task_root);
  for (const auto& mount : plan.mounts)
    add(mount.from);
  return out;
}

class BoxedProcess final : public RuntimeProcess {
 public:
  BoxedProcess(std::shared_ptr<Box> box, std::shared_ptr<BoxedRuntime> runtime)
      : box_(std::move(box)), runtime_(std::move(runtime)) {}
  ~BoxedProcess() override { runtime_->forget(); }
  pid_t pid() const override { return runtime_->numbers().outside; }
  void drain_output() override { runtime_->output().drain(); }
  void drain_leftover() override { runtime_->output().drain_leftover(); }
  void end_lines() override { runtime_->output().end_lines(); }
  // All but the init, whatever their group.
  void suspend() override { box_->suspend(); }
  void resume() override { box_->resume(); }
  void signal(int number) override { box_->signal(*runtime_, number); }
  void kill(std::function<void()> gone) override { box_->kill_all(std::move(gone)); }
  std::optional<FinalMemory> final_memory() const override { return runtime_->final_memory(); }

 private:
  std::shared_ptr<Box> box_;
  std::shared_ptr<BoxedRuntime> runtime_;
};

class StrictEnvironment final : public EnvironmentSandbox {
 public:
  using MakeBox = std::function<std::shared_ptr<Box>()>;
  enum class Look { new_one, last };  // at the host
  using MakePlan = std::function<SandboxPlan(Look)>;

  StrictEnvironment(NetworkMode network, MakeBox make_box, MakePlan make_plan)
      : network_(network),
        make_box_(std::move(make_box)),
        make_plan_(std::move(make_plan)),
        box_(make_box_()) {}
  ~StrictEnvironment() override { box_->abandon(); }

  std::optional<std::string> runtime_api() const override {
    if (network_ == NetworkMode::host) return std::nullopt;
    return k_sandbox_runtime_api;
  }
  void prepare(const std::vector<int>& join_fds,
               std::function<void(Result<std::vector<UniqueFd>>)> ready) override {
    make_what_is_missing(Look::new_one);
    box_->prepare(plan_, join_fds, std::move(ready));
  }
  void prepare_ahead(const std::vector<int>& join_fds,
                     std::function<void(Result<std::vector<UniqueFd>>)> ready) override {
    make_what_is_missing(Look::last);
    box_->prepare(plan_, join_fds, std::move(ready));
  }
  void forget() override { box_->forget_prepare(); }
  void discard() override { box_->lose("its sockets cannot be used"); }
  // Also of an interpreter that the entry point has come to name since.
  bool is_current() const override {
    if (sources_ != identities(plan_)) return false;
    const SandboxPlan now = make_plan_(Look::new_one);
    return now.mounts == plan_.mounts && now.links == plan_.links;
  }
  std::string inside(const std::filesystem::path& path) const override {
    return plan_.inside(path);
  }
  std::string inside_opt(const std::filesystem::path& path) const override {
    return plan_.inside_opt(path);
  }
  std::unique_ptr<RuntimeProcess> launch(ProcessSpec spec, ProcessEvents& events) override {
    return std::make_unique<BoxedProcess>(box_, box_->launch(spec, events));
  }
  void open_socket(std::function<void(Result<UniqueFd>)> done) override {
    if (network_ == NetworkMode::host) return EnvironmentSandbox::open_socket(std::move(done));
    box_->open_socket(std::move(done));
  }
  std::optional<std::int64_t> tmp_used_bytes() const override { return box_->tmp_used_bytes(); }
  void close(std::function<void()> done) override { box_->close(std::move(done)); }

 private:
  void make_what_is_missing(Look look) {
    if (box_->lost()) {
      box_ = make_box_();
      sources_.clear();
    }
    if (!sources_.empty()) return;
    plan_ = make_plan_(look);
    sources_ = identities(plan_);
  }

  NetworkMode network_;
  MakeBox make_box_;
  MakePlan make_plan_;
  std::shared_ptr<Box> box_;
  SandboxPlan plan_;
  Identities sources_;  // of the box, when it was asked for
};

}  // namespace

StrictSandbox::StrictSandbox(boost::asio::io_context& io, Offload& offload, TextSink& log,
                             SandboxServer& server, StrictOptions options)
    : io_(io),
      offload_(offload),
      log_(log),
      server_(server),
      options_(std::move(options)),
      plans_(options_.network),
      // Without root it cannot be otherwise.
      tmp_in_memory_(options_.tmp_in_memory || server_.in_user_namespace()) {
  server_.requests().on_told([this](const std::string& text) { findings_.tell(text); });
}

std::shared_ptr<Box> StrictSandbox::make_box(const std::string& function) {
  auto observer = std::make_shared<BoxObserver>(io_, findings_.of(function));
  auto box = std::make_shared<Box>(io_, offload_, log_, server_.requests(), std::move(observer));
  box->on_hole_note = [this](const std::string& why) {
    findings_.tell(why +
                   "; connects fail at once, where in a VPC without a route they hang, and "
                   "attempts are not listed");
  };
  box->on_ready = [this](const SandboxTimes& times) {
    if (ready_) ready_(times);
  };
  // What is known from the beginning is said at the start.
  if (!options_.tmp_in_memory && !server_.in_user_namespace()) {
    box->on_tmp_note = [this](const std::string& why) {
      tmp_in_memory_ = true;
      findings_.tell(std::string("/tmp is in memory here") +
                     (options_.tmp_counts_as_memory
                          ? ", and what is in it counts as the function's memory: "
                          : ": ") +
                     why);
    };
  }
  return box;
}

std::unique_ptr<EnvironmentSandbox> StrictSandbox::create(const std::string&,
                                                          const FunctionConfig& config) {
  auto make_plan = [this, &config](StrictEnvironment::Look look) {
    SandboxPlan plan =
        look == StrictEnvironment::Look::last ? plans_.last(config) : plans_.now(config);
    plan.vcpus = visible_vcpus(config.memory_mb);
    plan.way_out = options_.way_out;
    plan.trace_denied = options_.trace_denied;
    plan.tmp_in_memory = options_.tmp_in_memory;
    return plan;
  };
  return std::make_unique<StrictEnvironment>(
      options_.network, [this, name = config.name] { return make_box(name); },
      std::move(make_plan));
}

}  // namespace coldframe
