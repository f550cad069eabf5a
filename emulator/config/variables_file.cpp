// `-n env.json`: variables in SAM's shape.
#include "emulator/config/function_file.hpp"
#include "emulator/config/json_node.hpp"

namespace coldframe {

Result<void> merge_variables_file(const std::filesystem::path& path, FunctionConfig& config,
                                  std::vector<std::string>& warnings) {
  auto text = read_text_file(path, "variables file");
  if (!text) return text.error();
  Json json;
  if (auto parsed = parse_json_object(*text, path, json); !parsed) return parsed.error();
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
      if (auto ok = check_variable_name(name, path.string() + ": " + key); !ok) return ok;
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
