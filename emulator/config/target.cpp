#include "emulator/config/target.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "emulator/base/units.hpp"
#include "emulator/config/image_target.hpp"
#include "emulator/environment/entry_point.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

const char* from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

std::string machine() {
  utsname host{};
  return ::uname(&host) == 0 ? host.machine : "";
}

bool is_zip(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4> head{};
  return file.read(head.data(), head.size()) && std::string_view(head.data(), 4) == "PK\x03\x04";
}

// "repository:tag" or "repository@sha256:…", as docker writes them.
bool looks_like_image_name(std::string_view target) {
  constexpr std::string_view k_repository = "abcdefghijklmnopqrstuvwxyz0123456789._-/:";
  constexpr std::string_view k_tag =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  constexpr std::string_view k_digest = "@sha256:";
  const std::size_t digest = target.find(k_digest);
  const std::size_t end = digest == std::string_view::npos ? target.rfind(':') : digest;
  if (end == std::string_view::npos) return false;
  const std::string_view repository = target.substr(0, end);
  const std::string_view tag =
      target.substr(end + (end == digest ? k_digest.size() : std::size_t{1}));
  return !repository.empty() && std::string_view("._-/:").find(repository.front()) == target.npos &&
         repository.find_first_not_of(k_repository) == target.npos &&
         repository.find("//") == target.npos && !tag.empty() && tag.size() <= 128 &&
         tag.find_first_not_of(k_tag) == target.npos;
}

// "mine" of "mine:PROD" where that is a function; else empty.
std::string before_qualifier(const std::string& target) {
  const auto colon = target.rfind(':');
  if (colon == std::string::npos || colon == 0 || target.find('/', colon) != std::string::npos) {
    return "";
  }
  const fs::path path = target.substr(0, colon);
  std::error_code ignored;
  const bool is_function = fs::exists(path / "function.json", ignored) ||
                           fs::exists(path / "bootstrap", ignored) ||
                           (path.extension() == ".json" && fs::is_regular_file(path, ignored));
  return is_function ? path.string() : "";
}

FunctionFile image_file(ImageTarget target) {
  FunctionFile file;
  file.image_target = std::move(target);
  return file;
}

Error templates_later(const std::string& target) {
  return unsupported("'" + target +
                     "' is a template; these come in a later version; write a function.json");
}

// Why a file is not found that may be there; nothing: it is not there, or can be read.
std::optional<Error> hidden(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return std::nullopt;
  const int why = errno;
  const bool is_link = ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
  if (is_link && (why == ENOENT || why == ELOOP)) {
    return usage_error("'" + path.string() + "' is a link that leads nowhere");
  }
  if (why == ENOENT || why == ENOTDIR) return std::nullopt;
  return usage_error("cannot look at '" + path.string() + "': " + std::strerror(why));
}

Result<FunctionFile> load_directory(const fs::path& path, const std::string& target) {
  std::error_code ignored;
  if (const auto error = hidden(path / "function.json")) return *error;
  if (fs::exists(path / "function.json", ignored))
    return load_function_file(path / "function.json");
  if (fs::exists(path / "template.yaml", ignored) || fs::exists(path / "template.yml", ignored)) {
    return unsupported("'" + target +
                       "' has a template.yaml, and these come in a later version; write a "
                       "function.json beside it");
  }
  if (fs::exists(path / "bootstrap", ignored)) {
    const fs::path base = fs::canonical(path, ignored);
    FunctionFile file;
    file.config.name = base.filename().string();
    if (!check_function_name(file.config.name, "")) file.config.name = "function";
    file.config.runtime = "provided";
    file.config.task_root = file.config.working_directory = base;
    return file;
  }
  return usage_error("'" + target +
                     "' is not a function: it has neither a function.json nor a bootstrap");
}

Result<FunctionFile> load(const std::string& target, const std::vector<std::string>& bootstrap) {
  if (!bootstrap.empty()) {
    if (!target.empty()) {
      return usage_error("'" + target + "' and a command after -- are two targets; give one");
    }
    FunctionFile file;
    file.config.task_root = file.config.working_directory = fs::current_path();
    file.config.entry_point = bootstrap;
    if (bootstrap.size() > 1) file.config.handler = bootstrap.back();
    if (machine() == "aarch64") file.config.architecture = "arm64";  // a command is for this host
    return file;
  }
  if (target.empty()) return usage_error("no TARGET; name a directory with a function.json");
  std::error_code error;
  if (auto image = split_image_target(target)) return image_file(std::move(*image));
  const fs::path path = target;
  if (const auto why = hidden(path)) return *why;
  const auto status = fs::status(path, error);
  if (fs::is_directory(status)) return load_directory(path, target);
  if (fs::exists(status)) {
    if (target.ends_with(".yaml") || target.ends_with(".yml")) {
      return templates_later(target);
    }
    if (is_zip(path)) {
      return usage_error("'" + target +
                         "' is a zip archive; unzip it, and name the directory with a "
                         "function.json in it");
    }
    auto file = load_function_file(path);
    if (!file && file.error().message.find(": not JSON: ") != std::string::npos &&
        !target.ends_with(".json")) {
      return usage_error(file.error().message + "; a TARGET is a directory, or its function.json");
    }
    return file;
  }
  // A template, and which of its functions.
  if (const auto colon = target.rfind(':'); colon != std::string::npos) {
    const std::string file = target.substr(0, colon);
    const bool is_template = file.ends_with(".yaml") || file.ends_with(".yml");
    if (is_template && fs::exists(file, error)) return templates_later(target);
    if (is_template) return usage_error("'" + file + "' does not exist");
  }
  if (const std::string function = before_qualifier(target); !function.empty()) {
    return usage_error("'" + target + "': a TARGET has no version or alias; name '" + function +
                       "' alone, and give '" + target.substr(function.size() + 1) +
                       "' with an invoke of 'coldframe serve', as on Lambda: aws lambda invoke "
                       "--qualifier, or Qualifier in an SDK");
  }
  for (const char* prefix : {"docker:", "podman:", "registry:"}) {
    if (target.starts_with(prefix)) return usage_error("'" + target + "' names no image");
  }
  if (looks_like_image_name(target)) {
    const auto name = find_image_name(target);
    if (!name) return name.error();
    FunctionFile file = image_file({std::string(to_text(name->tool)) + ":" + name->name, ""});
    file.warnings.push_back("'" + target + "' is no path: taken as " + file.image_target->path);
    return file;
  }
  return usage_error("'" + target +
                     "' does not exist; a TARGET is a directory with a function.json");
}

Result<void> apply_environment(FunctionFile& file) {
  if (const char* text = from_environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")) {
    auto value = parse_integer(text, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", limits::k_memory_min_mb,
                               limits::k_memory_max_mb);
    if (!value) return value.error();
    file.config.memory_mb = static_cast<int>(*value);
    file.sized = true;
  }
  if (const char* text = from_environment("AWS_LAMBDA_FUNCTION_TIMEOUT")) {
    auto value = parse_integer(text, "AWS_LAMBDA_FUNCTION_TIMEOUT", limits::k_timeout_min_s,
                               limits::k_timeout_max_s);
    if (!value) return value.error();
    file.config.timeout_s = static_cast<int>(*value);
    file.sized = true;
  }
  if (const char* text = from_environment("AWS_LAMBDA_FUNCTION_NAME")) {
    if (auto ok = check_function_name(text, "AWS_LAMBDA_FUNCTION_NAME"); !ok) return ok;
    file.config.name = text;
    file.name_given = true;
  }
  return {};
}

Result<void> apply_variables(FunctionFile& file, const Overrides& overrides) {
  if (!overrides.variables_file.empty()) {
    auto ok = merge_variables_file(overrides.variables_file, file.config, file.warnings);
    if (!ok) return ok;
  }
  for (const auto& text : overrides.variables) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (name.empty()) return usage_error("--env '" + text + "': write KEY=VALUE");
    if (equals != std::string::npos) {
      file.config.variables[name] = text.substr(equals + 1);
    } else if (const char* value = std::getenv(name.c_str())) {
      file.config.variables[name] = value;
    } else {
      return usage_error("--env '" + name + "' has no value and is not set here; write " + name +
                         "=VALUE");
    }
  }
  // The file's own were checked, and warned of, when it was read.
  std::vector<std::string> warnings;
  auto checked = check_variables(file.config, "environment variables", warnings);
  for (auto& text : warnings) {
    if (std::find(file.warnings.begin(), file.warnings.end(), text) == file.warnings.end()) {
      file.warnings.push_back(std::move(text));
    }
  }
  return checked;
}

Result<void> apply_flags(FunctionFile& file, const Overrides& o) {
  auto& config = file.config;
  if (o.memory_mb) {
    if (auto ok = check_memory(*o.memory_mb, "--memory"); !ok) return ok;
    config.memory_mb = *o.memory_mb;
  }
  if (o.timeout_s) {
    if (auto ok = check_timeout(*o.timeout_s, "--timeout"); !ok) return ok;
    config.timeout_s = *o.timeout_s;
  }
  if (o.tmp_mb) {
    if (auto ok = check_tmp(*o.tmp_mb, "--ephemeral-storage"); !ok) return ok;
    config.tmp_mb = *o.tmp_mb;
  }
  file.sized = file.sized || o.memory_mb || o.timeout_s;
  if (o.name) {
    if (auto ok = check_function_name(*o.name, "--name"); !ok) return ok;
    config.name = *o.name;
    file.name_given = true;
  }
  if (o.region) {
    if (auto ok = check_region(*o.region, "--region"); !ok) return ok;
    config.region = *o.region;
  }
  if (o.account) {
    if (auto ok = check_account(*o.account, "--account"); !ok) return ok;
    config.account = *o.account;
  }
  if (o.log_format) config.log_format = *o.log_format;
  if (o.credentials) config.credentials = *o.credentials;
  if (o.no_extensions) config.extensions_allowed = false;
  if (o.init_limit) {
    config.init_limit = *o.init_limit;
    config.init_limit_given = true;
  }
  return apply_variables(file, o);
}

// The files of an image are not here, and AWS lists its ENTRYPOINT only where the function
// overrides it: what is missing and what to write instead, in one sentence.
Error image_incomplete(const FunctionFile& file, bool has_directory, const EntryPoint& entry) {
  const auto& config = file.config;
  std::string missing;
  std::string add;
  if (!entry.problem.empty()) {
    const bool named = !config.entry_point.empty();
    missing =
        named ? "its " + entry.problem + " on this host" : "its ENTRYPOINT is not in the file";
    add = R"("EntryPoint": ["python3", "-m", "awslambdaric"])";
  }
  if (!has_directory) {
    missing += (missing.empty() ? "" : " and ") + std::string("its working directory '") +
               config.working_directory.string() + "' does not exist on this host";
    add += (add.empty() ? "" : ", ") + std::string(R"("WorkingDirectory": ".")");
  }
  return usage_error(file.path.string() + " describes a container image: " + missing +
                     R"(; add what to use here, e.g. "ImageConfig": {)" + add + "}");
}

// What makes an entry point that people install, if it is one.
std::string how_to_make(const EntryPoint& entry, const FunctionConfig& config) {
  if (!entry.problem.ends_with("does not exist")) return "";
  if (config.runtime.starts_with("nodejs") && entry.executable.ends_with("/aws-lambda-ric")) {
    return "; install the runtime client: npm install aws-lambda-ric";
  }
  const auto venv = entry.executable.find("/bin/python");
  if (venv == std::string::npos || !entry.executable.substr(0, venv).ends_with("venv")) return "";
  const std::string directory = entry.executable.substr(0, venv);
  return "; make it: python3 -m venv '" + directory + "' && '" + directory +
         "/bin/pip' install awslambdaric, and what the handler imports";
}

Result<void> check_machine(const FunctionConfig& config) {
  if (machine() == (config.architecture == "arm64" ? "aarch64" : "x86_64")) return {};
  return unsupported(std::string(config.image ? "the image" : "the function") + " is for " +
                     config.architecture + ", this host is " + machine() +
                     "; run it on such a host" + (config.image ? "" : ", or set Architectures"));
}

Result<void> check_startable(const FunctionFile& file) {
  const auto& config = file.config;
  std::error_code error;
  const bool has_directory = fs::is_directory(config.working_directory, error);
  const EntryPoint entry = find_entry_point(config);
  // A command alone is a handler that the image's ENTRYPOINT would get.
  const bool of_image = file.image || (!file.path.empty() &&
                                       ((config.entry_point.empty() && !config.command.empty()) ||
                                        config.working_directory == "/var/task"));
  if (config.image) return check_machine(config);
  if (of_image && !(has_directory && entry.problem.empty())) {
    return image_incomplete(file, has_directory, entry);
  }
  if (!has_directory) {
    return usage_error("working directory '" + config.working_directory.string() +
                       "' does not exist");
  }
  if (!entry.problem.empty()) return usage_error(entry.problem + how_to_make(entry, config));
  return check_machine(config);
}

}  // namespace

Result<FunctionFile> resolve_target(const std::string& target,
                                    const std::vector<std::string>& bootstrap,
                                    const Overrides& overrides) {
  auto file = load(target, bootstrap);
  if (!file) return file;
  if (auto ok = apply_environment(*file); !ok) return ok.error();
  if (auto ok = apply_flags(*file, overrides); !ok) return ok.error();
  if (file->image_target) {
    if (auto ok = attach_image(*file, overrides.image); !ok) return ok.error();
  }
  if (auto ok = check_startable(*file); !ok) return ok.error();
  return file;
}

}  // namespace coldframe
