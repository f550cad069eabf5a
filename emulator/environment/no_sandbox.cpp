#include "emulator/environment/sandbox.hpp"

namespace coldframe {
namespace {

class Outside final : public EnvironmentSandbox {
 public:
  explicit Outside(ProcessLauncher& launcher) : launcher_(launcher) {}
  void prepare(const std::vector<int>&,
               std::function<void(Result<std::vector<UniqueFd>>)> ready) override {
    ready(std::vector<UniqueFd>());
  }
  std::string inside(const std::filesystem::path& path) const override { return path.string(); }
  std::unique_ptr<RuntimeProcess> launch(ProcessSpec spec, ProcessEvents& events) override {
    return launcher_.launch(std::move(spec), events);
  }
  void close(std::function<void()> done) override { done(); }

 private:
  ProcessLauncher& launcher_;
};

}  // namespace

std::unique_ptr<EnvironmentSandbox> NoSandbox::create(const std::string&, const FunctionConfig&) {
  return std::make_unique<Outside>(launcher_);
}

}  // namespace coldframe
