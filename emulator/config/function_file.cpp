#include "emulator/config/function_file.hpp"

#include "emulator/config/function_keys.hpp"
#include "emulator/config/python_version.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

// Without "." and "..", and without the trailing slash that would have no name.
fs::path plain(fs::path path) {
  path = path.lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// A managed runtime has no entry point of its own: its client, as the images of AWS start it.
void default_entry_point(FunctionFile& file, const fs::path& base, const std::string& where) {
  auto& config = file.config;
  const bool nothing_named = config.runtime.empty() && config.entry_point.empty() &&
                             config.command.empty() && config.working_directory != "/var/task";
  if (nothing_named && !file.image) config.runtime = "provided";  // by a file `bootstrap` alone
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

FunctionFile read(const Json& json, const fs::path& path) {
  const fs::path base = plain(fs::absolute(path).parent_path());
  const Node top(json, path.string() + ": ");
  FunctionFile file;
  file.path = path;
  auto& config = file.config;
  config.name = base.filename().string();
  if (!check_function_name(config.name, "")) config.name = "function";
  config.task_root = base;
  read_function_keys(top, file, base);
  if (!file.image_target) {
    config.working_directory =
        config.working_directory.empty() ? base : plain(base / config.working_directory);
    default_entry_point(file, base, top.where());
    if (auto other = other_python(config)) file.warnings.push_back(std::move(*other));
  }
  require(check_function_name(config.name, top.where() + "FunctionName"));
  require(check_variables(config, top.where() + "Environment.Variables", file.warnings));
  return file;
}

}  // namespace

Result<FunctionFile> parse_function_file(std::string_view text, const fs::path& path) {
  Json json;
  if (auto parsed = parse_json_object(text, path, json); !parsed) return parsed.error();
  try {
    return read(json, path);
  } catch (const Fault& fault) {
    return Error{fault.code, fault.message};
  }
}

Result<FunctionFile> load_function_file(const fs::path& path) {
  std::error_code error;
  if (fs::is_fifo(path, error)) {  // would be waited for
    return usage_error("function file '" + path.string() + "' is not a regular file");
  }
  auto text = read_text_file(path, "function file");
  if (!text) return text.error();
  return parse_function_file(*text, path);
}

}  // namespace coldframe
