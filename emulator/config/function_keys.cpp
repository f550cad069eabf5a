#include "emulator/config/function_keys.hpp"

#include <array>
#include <optional>

#include "emulator/config/image_target.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

constexpr std::array k_read_keys{
    "FunctionName",  "FunctionArn",      "Version",
    "Runtime",       "Handler",          "MemorySize",
    "Timeout",       "EphemeralStorage", "Architectures",
    "Environment",   "ImageConfig",      "ImageConfigResponse",
    "LoggingConfig", "PackageType",      "ReservedConcurrentExecutions",
    "Concurrency",   "Coldframe"};
// Keys of AWS's answers that mean nothing on this host.
constexpr std::array k_known_keys{"Role",
                                  "CodeSize",
                                  "Code",
                                  "CodeSha256",
                                  "Description",
                                  "LastModified",
                                  "VpcConfig",
                                  "DeadLetterConfig",
                                  "KMSKeyArn",
                                  "TracingConfig",
                                  "MasterArn",
                                  "RevisionId",
                                  "Layers",
                                  "State",
                                  "StateReason",
                                  "StateReasonCode",
                                  "LastUpdateStatus",
                                  "LastUpdateStatusReason",
                                  "LastUpdateStatusReasonCode",
                                  "FileSystemConfigs",
                                  "SigningProfileVersionArn",
                                  "SigningJobArn",
                                  "SnapStart",
                                  "RuntimeVersionConfig",
                                  "ResponseMetadata",
                                  "Tags",
                                  "CapacityProviderConfig",
                                  "ConfigSha256",
                                  "DurableConfig",
                                  "TenancyConfig",
                                  "Publish"};

void check_top_keys(const Node& top, FunctionFile& file) {
  for (auto& [key, value] : top.json().items()) {
    auto is = [&key = key](std::string_view name) { return name == key; };
    if (std::any_of(k_read_keys.begin(), k_read_keys.end(), is)) continue;
    if (std::none_of(k_known_keys.begin(), k_known_keys.end(), is)) {
      if (const auto guess = nearest(key, k_read_keys); !guess.empty()) {
        throw Fault{top.at(key) + " is not a known key" + did_you_mean(guess)};
      }
      file.warnings.push_back(top.at(key) + " is a key of neither Lambda nor Coldframe; ignored");
      continue;
    }
    file.ignored_keys.push_back(key);
  }
}

Level read_level(const Node& node, const char* key) {
  std::string name = node.text(key);
  constexpr std::array<std::string_view, 6> names{"TRACE", "DEBUG", "INFO",
                                                  "WARN",  "ERROR", "FATAL"};
  auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) {
    throw Fault{node.at(key) + " '" + name +
                "' is not one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL"};
  }
  return static_cast<Level>(it - names.begin());
}

void read_logging(const Node& node, FunctionConfig& config) {
  node.none_misspelled(
      std::array{"LogFormat", "ApplicationLogLevel", "SystemLogLevel", "LogGroup"});
  if (node.has("LogFormat")) {
    const auto format = node.text("LogFormat");
    if (format != "Text" && format != "JSON") {
      throw Fault{node.at("LogFormat") + " '" + format + "' is neither Text nor JSON"};
    }
    config.log_format = format == "JSON" ? LogFormat::json : LogFormat::text;
  }
  if (node.has("ApplicationLogLevel"))
    config.application_level = read_level(node, "ApplicationLogLevel");
  if (node.has("SystemLogLevel")) config.system_level = read_level(node, "SystemLogLevel");
}

void read_image_config(const Node& node, FunctionConfig& config) {
  node.only(std::array{"EntryPoint", "Command", "WorkingDirectory"});
  if (node.has("EntryPoint")) config.entry_point = node.texts("EntryPoint");
  if (node.has("Command")) config.command = node.texts("Command");
  if (node.has("WorkingDirectory")) config.working_directory = node.text("WorkingDirectory");
}

void read_environment(const Node& node, FunctionConfig& config) {
  node.none_misspelled(std::array{"Variables", "Error"});
  for (auto& [key, value] : node.json().items()) {
    if (key == "Variables" || key == "Error") continue;
    throw Fault{node.at(key) + " is not a known key; a variable stands in Environment.Variables"};
  }
  if (!node.has("Variables")) return;
  const Node variables = node.object("Variables");
  for (auto& [name, value] : variables.json().items()) {
    if (!value.is_string()) throw Fault{variables.at(name) + " must be a text in quotes"};
    config.variables[name] = value.get<std::string>();
  }
}

// Name, region and account of "arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]".
void read_arn(const std::string& arn, const std::string& where, FunctionConfig& config) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= arn.size()) {
    const auto end = std::min(arn.find(':', at), arn.size());
    parts.push_back(arn.substr(at, end - at));
    at = end + 1;
  }
  if (parts.size() < 7 || parts[0] != "arn" || parts[5] != "function") {
    throw Fault{where + " '" + arn + "' is not the ARN of a function"};
  }
  require(check_region(parts[3], where + ": region"));
  require(check_account(parts[4], where + ": account"));
  config.region = parts[3];
  config.account = parts[4];
}

// {"W39": "why that is all right"}
void read_ignored(const Node& node, FunctionFile& file) {
  for (auto& [id, reason] : node.json().items()) {
    if (id.size() < 2 || id[0] != 'W' || id.find_first_not_of("0123456789", 1) != std::string::npos)
      throw Fault{node.at(id) + " is not the id of a finding; write one like W39"};
    if (!reason.is_string() || reason.get<std::string>().empty())
      throw Fault{node.at(id) + " must be a text that says why"};
    file.ignored_findings[id] = reason.get<std::string>();
  }
}

void read_coldframe(const Node& node, FunctionFile& file, const fs::path& base) {
  node.only(std::array{"Image", "Event", "Golden", "Budgets", "Ignore", "Extensions"});
  if (node.has("Extensions") && node.has("Image")) {
    throw Fault{node.at("Extensions") + ": an image has its own, in its /opt/extensions"};
  }
  if (node.has("Image")) {
    const std::string image = node.text("Image");
    const auto target = split_image_target((base / image).string());
    if (!target || image == "-") {
      throw Fault{node.at("Image") + ": '" + image +
                  "' is no image: name an OCI layout, an OCI archive or what docker save wrote"};
    }
    file.image_target = *target;
  }
  if (node.has("Event")) file.event = base / node.text("Event");
  if (node.has("Golden")) {
    for (auto& path : node.texts("Golden", true))
      file.goldens.push_back(base / path);
  }
  if (node.has("Extensions")) {
    const fs::path directory = base / node.text("Extensions");
    std::error_code ignored;
    if (!fs::is_directory(directory, ignored)) {
      throw Fault{node.at("Extensions") + ": '" + directory.string() + "' is not a directory"};
    }
    // Without a '/' at its end, so that its parent is the place of what disables them.
    const fs::path normal = fs::absolute(directory).lexically_normal();
    file.config.extensions = normal.has_filename() ? normal : normal.parent_path();
  }
  if (node.has("Budgets")) file.budgets = node.texts("Budgets");
  if (node.has("Ignore")) read_ignored(node.object("Ignore"), file);
}

void read_sizes(const Node& top, FunctionFile& file) {
  auto& config = file.config;
  if (top.has("MemorySize")) {
    require(check_memory(top.integer("MemorySize"), top.at("MemorySize")));
    config.memory_mb = static_cast<int>(top.integer("MemorySize"));
    file.sized = true;
  }
  if (top.has("Timeout")) {
    require(check_timeout(top.integer("Timeout"), top.at("Timeout")));
    config.timeout_s = static_cast<int>(top.integer("Timeout"));
    file.sized = true;
  }
  if (top.has("EphemeralStorage")) {
    const Node storage = top.object("EphemeralStorage");
    storage.only(std::array{"Size"});
    if (storage.has("Size")) {
      require(check_tmp(storage.integer("Size"), storage.at("Size")));
      config.tmp_mb = static_cast<int>(storage.integer("Size"));
    }
  }
  const Node* place = &top;
  std::optional<Node> concurrency;
  if (top.has("Concurrency")) place = &concurrency.emplace(top.object("Concurrency"));
  if (place->has("ReservedConcurrentExecutions")) {
    const auto reserved = place->integer("ReservedConcurrentExecutions");
    if (reserved < 0 || reserved > 100000) {
      throw Fault{place->at("ReservedConcurrentExecutions") + " must not be below 0"};
    }
    config.reserved_concurrency = static_cast<int>(reserved);
  }
}

void read_identity(const Node& top, FunctionConfig& config) {
  if (top.has("FunctionArn")) read_arn(top.text("FunctionArn"), top.at("FunctionArn"), config);
  if (top.has("FunctionName")) {
    config.name = top.text("FunctionName");
    require(check_function_name(config.name, top.at("FunctionName")));
  }
  if (top.has("Version")) {
    config.version = top.text("Version");
    require(check_version(config.version, top.at("Version")));
  }
  if (top.has("Runtime")) config.runtime = top.text("Runtime");
  if (top.has("Handler")) config.handler = top.text("Handler");
  if (top.has("Architectures")) {
    const auto list = top.texts("Architectures");
    if (list.size() != 1 || (list[0] != "x86_64" && list[0] != "arm64")) {
      throw Fault{top.at("Architectures") + R"( must be ["x86_64"] or ["arm64"])"};
    }
    config.architecture = list[0];
  }
}

}  // namespace

void read_function_keys(const Node& top, FunctionFile& file, const fs::path& base) {
  auto& config = file.config;
  check_top_keys(top, file);
  read_identity(top, config);
  file.architecture_given = top.has("Architectures");
  read_sizes(top, file);
  if (top.has("Environment")) read_environment(top.object("Environment"), config);
  if (top.has("PackageType")) file.image = top.text("PackageType") == "Image";
  if (top.has("ImageConfigResponse")) {
    file.image = true;
    const Node response = top.object("ImageConfigResponse");
    if (response.has("ImageConfig")) read_image_config(response.object("ImageConfig"), config);
  }
  if (top.has("ImageConfig")) read_image_config(top.object("ImageConfig"), config);
  if (top.has("LoggingConfig")) read_logging(top.object("LoggingConfig"), config);
  if (top.has("Coldframe")) read_coldframe(top.object("Coldframe"), file, base);
}

}  // namespace coldframe
