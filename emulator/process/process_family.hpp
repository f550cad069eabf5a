// A runtime and the processes of its extensions as one: stopped, drained and killed together.
//
//   auto family = std::make_unique<ProcessFamily>();
//   RuntimeProcess& agent = family->add(launcher.launch(spec, events));
//   family->set_runtime(launcher.launch(runtime_spec, events));
//   family->kill([this] { on_gone(); });               // once all of them are gone
//
// What is said of "the process" (number, memory) is said of the runtime. I/O thread only.
#pragma once

#include <memory>
#include <vector>

#include "emulator/process/runtime_process.hpp"

namespace coldframe {

class ProcessFamily final : public RuntimeProcess {
 public:
  // What is returned lives as long as the family.
  RuntimeProcess& add(std::unique_ptr<RuntimeProcess> process);
  void set_runtime(std::unique_ptr<RuntimeProcess> process) { runtime_ = &add(std::move(process)); }
  RuntimeProcess* runtime() const { return runtime_; }  // null: not started yet

  pid_t pid() const override { return runtime_ != nullptr ? runtime_->pid() : 0; }
  void drain_output() override;
  void drain_leftover() override;
  void end_lines() override;
  void suspend() override;
  void resume() override;
  void signal(int number) override;
  // Precondition: there is one at least.
  void kill(std::function<void()> gone) override;
  std::optional<FinalMemory> final_memory() const override;

 private:
  std::vector<std::unique_ptr<RuntimeProcess>> all_;
  RuntimeProcess* runtime_ = nullptr;
};

}  // namespace coldframe
