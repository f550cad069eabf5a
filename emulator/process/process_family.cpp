#include "emulator/process/process_family.hpp"

#include <utility>

namespace coldframe {

RuntimeProcess& ProcessFamily::add(std::unique_ptr<RuntimeProcess> process) {
  all_.push_back(std::move(process));
  return *all_.back();
}

void ProcessFamily::drain_output() {
  for (const auto& one : all_)
    one->drain_output();
}

void ProcessFamily::drain_leftover() {
  for (const auto& one : all_)
    one->drain_leftover();
}

void ProcessFamily::end_lines() {
  for (const auto& one : all_)
    one->end_lines();
}

void ProcessFamily::suspend() {
  for (const auto& one : all_)
    one->suspend();
}

void ProcessFamily::resume() {
  for (const auto& one : all_)
    one->resume();
}

void ProcessFamily::signal(int number) {
  for (const auto& one : all_)
    one->signal(number);
}

// Whoever is told may destroy this family.
void ProcessFamily::kill(std::function<void()> gone) {
  const auto left = std::make_shared<std::size_t>(all_.size());
  const auto told = std::make_shared<std::function<void()>>(std::move(gone));
  for (const auto& one : all_) {
    one->kill([left, told] {
      if (--*left == 0) (*told)();
    });
  }
}

std::optional<FinalMemory> ProcessFamily::final_memory() const {
  return runtime_ != nullptr ? runtime_->final_memory() : std::nullopt;
}

}  // namespace coldframe
