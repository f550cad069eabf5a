#include "tests/support/emulator_fixture.hpp"

#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace coldframe::testing {

EmulatorFixture::EmulatorFixture() {
  function.name = "f";
  function.task_root = directory.path();
  function.working_directory = directory.path();
  options.log = &log;
  options.state_directory = directory.path() + "/run";
}

void EmulatorFixture::TearDown() {
  if (HasFailure()) std::cerr << describe();
  stop();
  emulator_.reset();
}

void EmulatorFixture::start(std::vector<FunctionConfig> more) {
  auto created = Emulator::create(options);
  if (!created) throw std::runtime_error(created.error().message);
  emulator_ = std::move(*created);
  on_created();
  emulator_->add_record_sink(records);
  more.insert(more.begin(), function);
  for (auto& config : more) {
    if (auto added = emulator_->add(std::move(config)); !added) {
      throw std::runtime_error(added.error().message);
    }
  }
  auto bound = emulator_->serve("127.0.0.1", 0);
  if (!bound) throw std::runtime_error(bound.error().message);
  port_ = *bound;
}

void EmulatorFixture::stop() {
  if (emulator_) emulator_->stop();
}

void EmulatorFixture::turn() {
  auto& io = emulator_->io();
  const auto keep = boost::asio::make_work_guard(io);
  io.restart();
  if (io.poll() == 0) io.run_one_for(std::chrono::milliseconds(1));
}

std::string EmulatorFixture::describe() const {
  std::string text = "--- the log (its end)\n";
  text += log.text().substr(log.text().size() - std::min<std::size_t>(log.text().size(), 8192));
  if (emulator_) text += "--- the state\n" + emulator_->state_json() + "\n";
  return text;
}

InvokeClient EmulatorFixture::call(std::string_view event, const HeaderList& headers,
                                   std::string_view function_name) {
  InvokeClient client(*this, port_, function_name);
  client.start(event, headers);
  return client;
}

std::vector<std::string> EmulatorFixture::states() const {
  std::vector<std::string> out;
  const auto state = nlohmann::json::parse(emulator_->state_json());
  for (const auto& environment : state["functions"][0]["environments"]) {
    out.push_back(environment["state"]);
  }
  return out;
}

}  // namespace coldframe::testing
