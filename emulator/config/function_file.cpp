#include "emulator/config/function_file.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "emulator/base/spelling.hpp"
#include "emulator/json/json_check.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// Without "." and "..", and without the trailing slash that would have no name.
fs::path plain(fs::path path) {
  path = path.lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// Thrown inside this file only; load and parse turn it into an Error.
struct Fault {
  std::string message;
  ExitCode code = ExitCode::usage;
};

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

template <typename Names>
std::string nearest(std::string_view key, const Names& names) {
  return nearest_word(key, {std::begin(names), std::end(names)});
}

// One JSON object with a place in the file, for messages.
class Node {
 public:
  Node(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  const Json& json() const { return json_; }
  const std::string& where() const { return where_; }
  std::string at(const std::string& key) const {
    return where_ + (where_.ends_with(' ') ? "" : ".") + key;
  }
  bool has(const std::string& key) const {
    auto it = json_.find(key);
    return it != json_.end() && !it->is_null();
  }
  Node object(const std::string& key) const {
    const Json& value = json_.at(key);
    if (!value.is_object()) throw Fault{at(key) + " must be an object"};
    return {value, at(key)};
  }
  std::string text(const std::string& key) const {
    const Json& value = json_.at(key);
    if (!value.is_string()) throw Fault{at(key) + " must be a text in quotes"};
    auto text = value.get<std::string>();
    if (text.find('\0') != std::string::npos) throw Fault{at(key) + " contains a NUL byte"};
    return text;
  }
  std::int64_t integer(const std::string& key) const {
    const Json& value = json_.at(key);
    if (!value.is_number_integer() ||
        (value.is_number_unsigned() && value.get<std::uint64_t>() > 1'000'000'000'000ULL)) {
      throw Fault{at(key) + " must be a whole number, not " + value.dump()};
    }
    return value.get<std::int64_t>();
  }
  // A list of texts; a single text counts as a list of one if `single` allows.
  std::vector<std::string> texts(const std::string& key, bool single = false) const {
    const Json& value = json_.at(key);
    if (single && value.is_string()) return {text(key)};
    std::vector<std::string> out;
    if (!value.is_array()) throw Fault{at(key) + " must be a list of texts"};
    for (auto& item : value) {
      if (!item.is_string()) throw Fault{at(key) + " must be a list of texts"};
      out.push_back(item.get<std::string>());
      if (out.back().find('\0') != std::string::npos) throw Fault{at(key) + " contains a NUL byte"};
    }
    return out;
  }
  // A key that is nearly one of `names` was meant to be it; others are AWS's business.
  template <typename Names>
  void none_misspelled(const Names& names) const {
    for (auto& [key, value] : json_.items()) {
      if (std::find(names.begin(), names.end(), key) != names.end()) continue;
      if (const auto guess = nearest(key, names); !guess.empty()) {
        throw Fault{at(key) + " is not a known key; did you mean '" + guess + "'?"};
      }
    }
  }
  template <typename Names>
  void only(const Names& names) const {
    for (auto& [key, value] : json_.items()) {
      if (std::find(names.begin(), names.end(), key) != names.end()) continue;
      const auto guess = nearest(key, names);
      throw Fault{at(key) + " is not a known key" +
                  (guess.empty() ? std::string() : "; did you mean '" + guess + "'?")};
    }
  }

 private:
  const Json& json_;
  std::string where_;
};

void require(const Result<void>& result) {
  if (!result) throw Fault{result.error().message};
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

void read_coldframe(const Node& node, FunctionFile& file, const fs::path& base) {
  node.only(std::array{"Image", "Event", "Golden", "Budgets"});
  if (node.has("Image")) {
    throw Fault{node.at("Image") +
                    ": images cannot be run by this version yet; remove the key to "
                    "run the directory",
                ExitCode::not_supported};
  }
  if (node.has("Event")) file.event = base / node.text("Event");
  if (node.has("Golden")) {
    for (auto& path : node.texts("Golden", true))
      file.goldens.push_back(base / path);
  }
  if (node.has("Budgets")) file.budgets = node.texts("Budgets");
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
  if (top.has("Version")) config.version = top.text("Version");
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

// A managed runtime has no entry point of its own: its client, as the images of AWS start it.
void default_entry_point(FunctionFile& file, const fs::path& base, const std::string& where) {
  auto& config = file.config;
  if (!config.entry_point.empty() || config.handler.empty()) return;
  if (config.runtime.starts_with("python")) {
    const fs::path own = base / ".venv/bin/python";
    std::error_code ignored;
    config.entry_point = {fs::exists(own, ignored) ? own.string() : "python3", "-m",
                          "awslambdaric"};
    config.command = {config.handler};
  } else if (config.runtime.starts_with("nodejs")) {
    config.entry_point = {(base / "node_modules/.bin/aws-lambda-ric").string()};
    config.command = {config.handler};
  } else if (!config.runtime.empty() && !config.runtime.starts_with("provided")) {
    throw Fault{where + "no runtime client is known for " + config.runtime +
                "; name it in ImageConfig.EntryPoint"};
  }
}

void check_top_keys(const Node& top, FunctionFile& file) {
  for (auto& [key, value] : top.json().items()) {
    auto is = [&key = key](std::string_view name) { return name == key; };
    if (std::any_of(k_read_keys.begin(), k_read_keys.end(), is)) continue;
    if (std::none_of(k_known_keys.begin(), k_known_keys.end(), is)) {
      if (const auto guess = nearest(key, k_read_keys); !guess.empty()) {
        throw Fault{top.at(key) + " is not a known key; did you mean '" + guess + "'?"};
      }
    }
    file.ignored_keys.push_back(key);
  }
}

FunctionFile read(const Json& json, const fs::path& path) {
  const fs::path base = plain(fs::absolute(path).parent_path());
  const Node top(json, path.string() + ": ");
  FunctionFile file;
  auto& config = file.config;
  config.name = base.filename().string();
  if (!check_function_name(config.name, "")) config.name = "function";
  config.task_root = base;
  check_top_keys(top, file);
  read_identity(top, config);
  read_sizes(top, file);
  if (top.has("Environment")) read_environment(top.object("Environment"), config);
  if (top.has("ImageConfigResponse")) {
    const Node response = top.object("ImageConfigResponse");
    if (response.has("ImageConfig")) read_image_config(response.object("ImageConfig"), config);
  }
  if (top.has("ImageConfig")) read_image_config(top.object("ImageConfig"), config);
  if (top.has("LoggingConfig")) read_logging(top.object("LoggingConfig"), config);
  if (top.has("Coldframe")) read_coldframe(top.object("Coldframe"), file, base);
  config.working_directory =
      config.working_directory.empty() ? base : plain(base / config.working_directory);
  default_entry_point(file, base, top.where());
  require(check_function_name(config.name, top.where() + "FunctionName"));
  require(check_variables(config, top.where() + "Environment.Variables", file.warnings));
  return file;
}

Result<void> parse_json(std::string_view text, const fs::path& path, Json& out) {
  // Our own pass first: it bounds the nesting, and says where the fault is.
  if (auto fault = check_json(text)) {
    return usage_error(path.string() + ":" + std::to_string(fault->line) + ":" +
                       std::to_string(fault->column) + ": not JSON: " + fault->plain);
  }
  try {
    out = Json::parse(text);
  } catch (const Json::out_of_range&) {
    return usage_error(path.string() + ": holds a number out of range");
  } catch (const Json::parse_error& error) {
    // What our pass lets through and this one does not.
    const auto line =
        1 +
        std::count(text.begin(),
                   text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size())),
                   '\n');
    return usage_error(
        path.string() + ":" + std::to_string(line) +
        ": holds half of a surrogate pair (an escape like \\ud800), which is no text");
  }
  if (out.is_object()) return {};
  return usage_error(path.string() + ": must hold a JSON object");
}

}  // namespace

Result<FunctionFile> parse_function_file(std::string_view text, const fs::path& path) {
  Json json;
  if (auto parsed = parse_json(text, path, json); !parsed) return parsed.error();
  try {
    return read(json, path);
  } catch (const Fault& fault) {
    return Error{fault.code, fault.message};
  }
}

Result<FunctionFile> load_function_file(const fs::path& path) {
  auto text = read_text_file(path, "function file");
  if (!text) return text.error();
  return parse_function_file(*text, path);
}

Result<void> merge_variables_file(const fs::path& path, FunctionConfig& config,
                                  std::vector<std::string>& warnings) {
  auto text = read_text_file(path, "variables file");
  if (!text) return text.error();
  Json json;
  if (auto parsed = parse_json(*text, path, json); !parsed) return parsed.error();
  const bool shaped = json.contains("Parameters") || json.contains(config.name);
  const bool flat = std::any_of(json.begin(), json.end(), [](auto& v) { return !v.is_object(); });
  if (!shaped && flat) {
    return usage_error(path.string() +
                       R"(: SAM's shape is {"Parameters": {"NAME": "value"}} or {")" + config.name +
                       R"(": {…}})");
  }
  // A file may serve several functions; but a name that was misspelt must not pass in silence.
  if (!shaped && !json.empty()) {
    warnings.push_back(path.string() + " sets nothing for '" + config.name +
                       "': it has neither \"Parameters\" nor \"" + config.name + "\", only \"" +
                       json.begin().key() + "\"" + (json.size() > 1 ? " and others" : ""));
  }
  for (const std::string& key : {std::string("Parameters"), config.name}) {
    auto it = json.find(key);
    if (it == json.end()) continue;
    if (!it->is_object()) return usage_error(path.string() + ": " + key + " must be an object");
    for (auto& [name, value] : it->items()) {
      if (value.is_object() || value.is_array() || value.is_null()) {
        return usage_error(path.string() + ": " + key + "." + name +
                           " must be a text, a number or true/false");
      }
      config.variables[name] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  return {};
}

}  // namespace coldframe
