// The plan of each function's sandbox, made again only when it would be another: when the function
// is, or the host's file system where the plan came from.
//
//   KeptPlans plans(NetworkMode::none);
//   const SandboxPlan& plan = plans.now(config);   // valid until the next call
//
// As good as plan_sandbox() at each call, at a third of its price. One thread at a time.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "emulator/extensions/find_extensions.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/sandbox/host_looks.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

class KeptPlans {
 public:
  explicit KeptPlans(NetworkMode network) : network_(network) {}
  const SandboxPlan& now(const FunctionConfig& config);
  // What now() has told last of the same function, without a look: for who asks once more before it
  // matters. Never asked: as now().
  const SandboxPlan& last(const FunctionConfig& config);

 private:
  // Of a function what its plan and its entry point depend on.
  struct Function {
    std::vector<std::string> entry_point, command;
    std::filesystem::path task_root, working_directory;
    int tmp_mb = 0, memory_mb = 0;
    std::shared_ptr<const FunctionImage> image;
    std::filesystem::path extensions{};
    std::vector<ExtensionFile> extension_files{};
    bool operator==(const Function&) const = default;
  };
  struct Kept {
    Function function;
    EntryPoint entry;
    HostLooks looks;
    SandboxPlan plan;
  };
  static Function function_of(const FunctionConfig& config);

  NetworkMode network_;
  std::map<std::string, Kept> kept_;  // by the function's name
};

}  // namespace coldframe
