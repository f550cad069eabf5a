#include "emulator/extensions/extension_registry.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace coldframe {
namespace {

using Json = nlohmann::json;

ExtensionRefusal not_allowed(const Extension& extension, std::string_view target) {
  return {"Extension.InvalidExtensionState",
          "State transition from " + std::string(to_text(extension.state)) + " to " +
              std::string(target) + " failed for extension " + extension.name +
              ". Error: State transition is not allowed"};
}

ExtensionRefusal bad_format(std::string why) { return {"InvalidRequestFormat", std::move(why)}; }

struct Wishes {
  std::vector<std::string> events;
  std::optional<ExtensionRefusal> refusal;
};

Wishes read_wishes(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return {{}, bad_format("the body is not JSON")};
  Wishes wishes;
  if (json.is_null()) return wishes;
  if (!json.is_object()) return {{}, bad_format("the body is not a JSON object")};
  if (const auto keys = json.find("configurationKeys"); keys != json.end() && !keys->empty()) {
    return {{}, bad_format("configurationKeys are deprecated; use environment variables instead")};
  }
  const auto events = json.find("events");
  if (events == json.end() || events->is_null()) return wishes;
  if (!events->is_array()) return {{}, bad_format("events is not a list")};
  for (const auto& event : *events) {
    if (!event.is_string()) return {{}, bad_format("events is not a list of texts")};
    wishes.events.push_back(event.get<std::string>());
  }
  return wishes;
}

std::optional<ExtensionRefusal> check_events(const std::vector<std::string>& events,
                                             bool external) {
  for (const auto& event : events) {
    if (event == "INVOKE" || (event == "SHUTDOWN" && external)) continue;
    return ExtensionRefusal{
        "Extension.InvalidEventType",
        event + (event == "SHUTDOWN" ? ": ShutdownEventNotSupportedForInternalExtension"
                                     : ": ErrorInvalidEventType")};
  }
  return std::nullopt;
}

void subscribe(Extension& extension, const std::vector<std::string>& events) {
  for (const auto& event : events) {
    extension.wants_invoke = extension.wants_invoke || event == "INVOKE";
    extension.wants_shutdown = extension.wants_shutdown || event == "SHUTDOWN";
  }
  extension.state = ExtensionState::registered;
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view k_form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == k_form.size() &&
         std::equal(text.begin(), text.end(), k_form.begin(), [](char c, char form) {
           if (form == '-') return c == '-';
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

std::optional<ExtensionRefusal> check_type(std::string_view type) {
  if (!type.empty()) return std::nullopt;
  return ExtensionRefusal{"Extension.MissingHeader",
                          "Lambda-Extension-Function-Error-Type not found"};
}

}  // namespace

std::string_view to_text(ExtensionState state) {
  switch (state) {
    case ExtensionState::started:
      return "Started";
    case ExtensionState::registered:
      return "Registered";
    case ExtensionState::ready:
      return "Ready";
    case ExtensionState::running:
      return "Running";
    case ExtensionState::init_error:
      return "InitError";
    case ExtensionState::exit_error:
      return "ExitError";
    case ExtensionState::shutdown_failed:
      return "ShutdownFailed";
    case ExtensionState::exited:
      return "Exited";
    case ExtensionState::launch_error:
      return "LaunchError";
  }
  return "";
}

Extension* ExtensionRegistry::by_name(std::string_view name) {
  const auto found = std::find_if(extensions_.begin(), extensions_.end(),
                                  [&](const auto& one) { return one->name == name; });
  return found == extensions_.end() ? nullptr : found->get();
}

Extension& ExtensionRegistry::expect(std::string name, std::string id) {
  extensions_.push_back(
      std::make_unique<Extension>(Extension{std::move(name), std::move(id), true}));
  return *extensions_.back();
}

ExtensionRegistry::Found ExtensionRegistry::enroll(std::string_view name, std::string_view body,
                                                   std::string id) {
  if (name.empty()) {
    return {nullptr, ExtensionRefusal{"Extension.InvalidExtensionName", "Empty extension name"}};
  }
  const Wishes wishes = read_wishes(body);
  if (wishes.refusal) return {nullptr, wishes.refusal};
  Extension* known = by_name(name);
  const bool external = known != nullptr && known->external;
  if (auto refusal = check_events(wishes.events, external)) return {nullptr, refusal};
  if (external) {
    if (known->state != ExtensionState::started)
      return {nullptr, not_allowed(*known, "Registered")};
    subscribe(*known, wishes.events);
    return {known, std::nullopt};
  }
  if (closed_) {
    return {nullptr, ExtensionRefusal{"Extension.RegistrationClosed",
                                      "Extension registration closed already"}};
  }
  if (known != nullptr) {
    return {nullptr, ExtensionRefusal{"Extension.InvalidExtensionState",
                                      "Extension with this name already registered"}};
  }
  if (extensions_.size() >= k_most) {
    return {nullptr,
            ExtensionRefusal{"Extension.TooManyExtensions", "Extension limit (10) reached"}};
  }
  extensions_.push_back(
      std::make_unique<Extension>(Extension{std::string(name), std::move(id), false}));
  subscribe(*extensions_.back(), wishes.events);
  return {extensions_.back().get(), std::nullopt};
}

ExtensionRegistry::Found ExtensionRegistry::find(std::string_view identifier) {
  if (identifier.empty()) {
    return {nullptr, ExtensionRefusal{"Extension.MissingExtensionIdentifier",
                                      "Missing Lambda-Extension-Identifier header"}};
  }
  if (!is_uuid(identifier)) {
    return {nullptr, ExtensionRefusal{"Extension.InvalidExtensionIdentifier",
                                      "Invalid Lambda-Extension-Identifier"}};
  }
  for (const auto& one : extensions_) {
    if (one->id == identifier) return {one.get(), std::nullopt};
  }
  return {nullptr, ExtensionRefusal{"Extension.UnknownExtensionIdentifier",
                                    "Unknown extension " + std::string(identifier)}};
}

std::optional<ExtensionRefusal> ExtensionRegistry::next(Extension& extension, bool again) {
  switch (extension.state) {
    case ExtensionState::registered:
    case ExtensionState::running:
      extension.state = ExtensionState::ready;
      return std::nullopt;
    case ExtensionState::ready:
      if (again) return std::nullopt;
      break;
    default:
      break;
  }
  return not_allowed(extension, "Ready");
}

std::optional<ExtensionRefusal> ExtensionRegistry::report_init_error(Extension& extension,
                                                                     std::string_view type) {
  if (auto refusal = check_type(type)) return refusal;
  if (extension.state != ExtensionState::registered &&
      extension.state != ExtensionState::init_error) {
    return not_allowed(extension, "InitError");
  }
  extension.state = ExtensionState::init_error;
  extension.error_type = type;
  return std::nullopt;
}

std::optional<ExtensionRefusal> ExtensionRegistry::report_exit_error(Extension& extension,
                                                                     std::string_view type) {
  if (auto refusal = check_type(type)) return refusal;
  switch (extension.state) {
    case ExtensionState::registered:
    case ExtensionState::ready:
    case ExtensionState::running:
    case ExtensionState::exit_error:
      extension.state = ExtensionState::exit_error;
      extension.error_type = type;
      return std::nullopt;
    default:
      return not_allowed(extension, "Exited");
  }
}

void ExtensionRegistry::clear() {
  extensions_.clear();
  closed_ = false;
}

bool ExtensionRegistry::all_registered() const {
  return std::none_of(extensions_.begin(), extensions_.end(),
                      [](const auto& one) { return one->state == ExtensionState::started; });
}

bool ExtensionRegistry::all_ready() const {
  return std::all_of(extensions_.begin(), extensions_.end(),
                     [](const auto& one) { return one->state == ExtensionState::ready; });
}

bool ExtensionRegistry::has_external() const {
  return std::any_of(extensions_.begin(), extensions_.end(),
                     [](const auto& one) { return one->external; });
}

}  // namespace coldframe
