#include "emulator/environment/environment_variables.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <map>

namespace coldframe {
namespace {

// Defaults that the customer may replace (recorded on AWS; the list of names is AWS's own).
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> k_replaceable{{
    {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
    {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000"},
    {"LANG", "en_US.UTF-8"},
    {"LD_LIBRARY_PATH",
     "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/"
     "lib"},
    {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
    {"TZ", ":UTC"},
}};

constexpr std::array<std::string_view, 28> k_reserved{"AWS_ACCESS_KEY",
                                                      "AWS_ACCESS_KEY_ID",
                                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                                      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                                      "AWS_DEFAULT_REGION",
                                                      "AWS_EXECUTION_ENV",
                                                      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                      "AWS_LAMBDA_FUNCTION_NAME",
                                                      "AWS_LAMBDA_FUNCTION_VERSION",
                                                      "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                      "AWS_LAMBDA_LOG_GROUP_NAME",
                                                      "AWS_LAMBDA_LOG_STREAM_NAME",
                                                      "AWS_LAMBDA_MAX_CONCURRENCY",
                                                      "AWS_LAMBDA_METADATA_API",
                                                      "AWS_LAMBDA_METADATA_TOKEN",
                                                      "AWS_LAMBDA_RUNTIME_API",
                                                      "AWS_REGION",
                                                      "AWS_SECRET_ACCESS_KEY",
                                                      "AWS_SESSION_TOKEN",
                                                      "LAMBDA_RUNTIME_DIR",
                                                      "LAMBDA_TASK_ROOT",
                                                      "PWD",
                                                      "SHLVL",
                                                      "_AWS_XRAY_DAEMON_ADDRESS",
                                                      "_AWS_XRAY_DAEMON_PORT",
                                                      "_HANDLER",
                                                      "_LAMBDA_TELEMETRY_LOG_FD",
                                                      "_X_AMZN_TRACE_ID"};

std::string caller_variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// "python", "node" or nothing: which language's search path AWS would set.
std::string_view language(const FunctionConfig& config) {
  std::string text = config.runtime;
  if (text.empty() && !config.entry_point.empty()) {
    text = std::filesystem::path(config.entry_point.front()).filename().string();
  }
  if (text.starts_with("python")) return "python";
  if (text.starts_with("node")) return "node";
  return "";
}

void add_credentials(const FunctionConfig& config, std::map<std::string, std::string>& out) {
  if (config.credentials == Credentials::caller) {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
      if (auto value = caller_variable(name); !value.empty()) out[name] = value;
    }
    return;
  }
  out["AWS_ACCESS_KEY_ID"] = k_made_up_access_key;
  out["AWS_SECRET_ACCESS_KEY"] = "coldframe/made/up/secret/access/key/0000";
  out["AWS_SESSION_TOKEN"] = "coldframe-made-up-session-token";
}

}  // namespace

// Of an image: the last word of what is run, unless that is the program itself.
std::string handler_of(const FunctionConfig& config) {
  if (!config.handler.empty()) return config.handler;
  if (!config.command.empty()) return config.command.back();
  return config.entry_point.size() > 1 ? config.entry_point.back() : "";
}

bool is_reserved_variable(std::string_view name) {
  return name.starts_with('_') ||
         std::find(k_reserved.begin(), k_reserved.end(), name) != k_reserved.end();
}

bool is_valid_variable_name(std::string_view name) {
  if (name.size() < 2 || !std::isalpha(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

std::string search_path(const FunctionConfig& config) {
  if (auto it = config.variables.find("PATH"); it != config.variables.end()) return it->second;
  return std::string(std::find_if(k_replaceable.begin(), k_replaceable.end(), [](auto& v) {
                       return v.first == "PATH";
                     })->second);
}

std::vector<std::string> environment_variables(const FunctionConfig& config,
                                               const EnvironmentFacts& facts) {
  std::map<std::string, std::string> out;
  for (auto& [name, value] : k_replaceable)
    out.emplace(name, value);
  if (config.image) {
    // Of these AWS's own images set all but the first two themselves: what runs them does not.
    for (const char* name : {"LANG", "LD_LIBRARY_PATH", "TZ"})
      out.erase(name);
    for (const auto& [name, value] : config.image->variables)
      out[name] = value;
  }
  out["AWS_LAMBDA_LOG_FORMAT"] = config.log_format == LogFormat::json ? "JSON" : "Text";
  if (config.log_format == LogFormat::json) {
    constexpr std::array<const char*, 6> names{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    out["AWS_LAMBDA_LOG_LEVEL"] = names[static_cast<std::size_t>(config.application_level)];
  }
  if (config.image) {
    // Its clients find what they need by themselves, or by its ENV.
  } else if (language(config) == "python") {
    out["PYTHONPATH"] = "/var/runtime";
    out["LC_CTYPE"] = "C.UTF-8";
  } else if (language(config) == "node") {
    out["NODE_PATH"] =
        "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:"
        "/var/runtime:/var/task";
  }
  for (auto& [name, value] : config.variables) {
    if (!is_reserved_variable(name)) out[name] = value;
  }
  add_credentials(config, out);
  out["AWS_LAMBDA_RUNTIME_API"] = facts.runtime_api;
  out["_HANDLER"] = handler_of(config);
  out["AWS_REGION"] = out["AWS_DEFAULT_REGION"] = config.region;
  if (config.runtime.empty()) {
    out["AWS_EXECUTION_ENV"] = "AWS_Lambda_Image";
  } else if (!config.runtime.starts_with("provided")) {
    out["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + config.runtime;
  }
  out["AWS_LAMBDA_FUNCTION_NAME"] = config.name;
  out["AWS_LAMBDA_FUNCTION_VERSION"] = config.version;
  out["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(config.memory_mb);
  out["AWS_LAMBDA_INITIALIZATION_TYPE"] = facts.initialization_type;
  out["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/" + config.name;
  out["AWS_LAMBDA_LOG_STREAM_NAME"] = facts.log_stream;
  // Without the sandbox the function is not at /var/task, and clients load the handler from here.
  out["LAMBDA_TASK_ROOT"] = facts.task_root;
  out["PWD"] = facts.working_directory;
  out["LAMBDA_RUNTIME_DIR"] = "/var/runtime";
  out["SHLVL"] = "0";
  out["_AWS_XRAY_DAEMON_ADDRESS"] = "169.254.100.1";
  out["_AWS_XRAY_DAEMON_PORT"] = "2000";
  out["_LAMBDA_TELEMETRY_LOG_FD"] = std::to_string(facts.log_fd);

  std::vector<std::string> texts;
  texts.reserve(out.size());
  for (auto& [name, value] : out)
    texts.push_back(name + "=" + value);
  return texts;
}

std::vector<std::string> extension_variables(const FunctionConfig& config,
                                             const EnvironmentFacts& facts) {
  constexpr std::array<std::string_view, 5> k_of_the_runtime{
      "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
      "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT"};
  auto texts = environment_variables(config, facts);
  std::erase_if(texts, [&](const std::string& text) {
    const std::string_view name = std::string_view(text).substr(0, text.find('='));
    return name.starts_with('_') || name.starts_with("AWS_XRAY_") ||
           std::find(k_of_the_runtime.begin(), k_of_the_runtime.end(), name) !=
               k_of_the_runtime.end();
  });
  return texts;
}

}  // namespace coldframe
