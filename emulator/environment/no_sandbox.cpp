#include "emulator/environment/sandbox.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace coldframe {

// The host's own network, unless a back-end has another.
void EnvironmentSandbox::open_socket(std::function<void(Result<UniqueFd>)> done) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return done(host_error(std::string("no socket: ") + std::strerror(errno)));
  done(std::move(fd));
}

namespace {

class Outside final : public EnvironmentSandbox {
 public:
  explicit Outside(ProcessLauncher& launcher) : launcher_(launcher) {}
  void prepare(const std::vector<int>&,
               std::function<void(Result<std::vector<UniqueFd>>)> ready) override {
    ready(std::vector<UniqueFd>());
  }
  std::string inside(const std::filesystem::path& path) const override { return path.string(); }
  bool can_be_left() const override { return true; }
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
