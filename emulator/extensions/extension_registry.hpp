// The extensions of one environment: who they are, what they have subscribed to, which call is
// allowed when, and what a refused one is told. Pure: no I/O, no clock.
//
//   registry.expect("agent", id);                       // an external one, before it is started
//   auto found = registry.enroll("agent", R"({"events":["INVOKE"]})", id);
//   if (found.refusal) …                                // 403 with its type and message
//   registry.next(*found.extension, false);             // Registered → Ready
//   registry.give_event(*found.extension);              // Ready → Running
//
// State names and messages are what AWS's extensions see; source: the states and error bodies of
// the Runtime Interface Emulator, checked 2026-11. One per environment, cleared with each reset.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coldframe {

enum class ExtensionState {
  started,
  registered,
  ready,    // has asked for its next event
  running,  // has been given one
  init_error,
  exit_error,
  shutdown_failed,
  exited,
  launch_error,
};

// "Started", "Registered", "Ready", "Running", "InitError", "ExitError", "ShutdownFailed",
// "Exited", "LaunchError".
std::string_view to_text(ExtensionState state);

// An error body of the Extensions API; its status is always 403.
struct ExtensionRefusal {
  std::string type;
  std::string message;
  bool operator==(const ExtensionRefusal&) const = default;
};

struct Extension {
  std::string name;
  std::string id;         // UUID: what it says who it is with
  bool external = false;  // a process of its own; else it lives in the runtime
  bool wants_invoke = false;
  bool wants_shutdown = false;
  ExtensionState state = ExtensionState::started;
  std::string error_type{};  // as it has reported it; empty: it has not
};

class ExtensionRegistry {
 public:
  static constexpr std::size_t k_most = 10;

  struct Found {
    Extension* extension = nullptr;  // null: refused; good until clear()
    std::optional<ExtensionRefusal> refusal;
  };

  // An external one that is about to be started.
  Extension& expect(std::string name, std::string id);
  // POST register. `id`: what it gets if it is an internal one.
  Found enroll(std::string_view name, std::string_view body, std::string id);
  // Whose `Lambda-Extension-Identifier` this is; data() == nullptr: it was not sent.
  Found find(std::string_view identifier);

  // GET event/next. `again`: it had asked, and whoever waited for that answer has gone.
  std::optional<ExtensionRefusal> next(Extension& extension, bool again);
  // POST init/error and exit/error. `type`: data() == nullptr: the header was not sent.
  std::optional<ExtensionRefusal> report_init_error(Extension& extension, std::string_view type);
  std::optional<ExtensionRefusal> report_exit_error(Extension& extension, std::string_view type);

  // It has an event, and has to ask again before the invoke is over.
  void give_event(Extension& extension) { extension.state = ExtensionState::running; }
  // Nobody new from here on.
  void close() { closed_ = true; }
  void clear();

  bool all_registered() const;  // of those that were expected
  bool all_ready() const;
  bool empty() const { return extensions_.empty(); }
  bool has_external() const;
  const std::vector<std::unique_ptr<Extension>>& all() const { return extensions_; }

 private:
  Extension* by_name(std::string_view name);

  std::vector<std::unique_ptr<Extension>> extensions_;
  bool closed_ = false;
};

}  // namespace coldframe
