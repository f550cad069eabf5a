#include "emulator/report/result_file.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "emulator/base/calling_user.hpp"

namespace coldframe {

namespace {

using Json = nlohmann::ordered_json;

constexpr int k_schema_version = 1;

std::string utc_text(WallTime time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = static_cast<std::time_t>(ms.count() / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), ms.count() % 1000);
}

Json host_json(const HostFacts& host) {
  Json json = {{"fingerprint", host.fingerprint()},
               {"cpu_model", host.cpu_model},
               {"cores", host.cores},
               {"kernel", host.kernel}};
  if (host.memory_bytes) json["memory_bytes"] = *host.memory_bytes;
  if (host.load_1m) json["load_1m"] = *host.load_1m;
  if (host.steal_percent) json["steal_percent"] = *host.steal_percent;
  return json;
}

Json function_json(const FunctionFacts& function) {
  Json json = {{"name", function.name},
               {"memory_mb", function.memory_mb},
               {"vcpu", function.vcpu},
               {"timeout_s", function.timeout_s}};
  if (!function.image_digest.empty()) json["image_digest"] = function.image_digest;
  json["limits"] = function.limits;
  json["cpu_scale"] = function.cpu_scale;
  json["sandbox"] = function.sandbox;
  json["network"] = function.network;
  json["freeze"] = function.freeze;
  json["tmp"] = function.tmp;
  if (function.traced) json["traced"] = true;
  if (!function.requested.empty()) json["requested"] = function.requested;
  return json;
}

Error cannot_write(const std::string& path, int error) {
  return host_error(fmt::format("cannot write {}: {}", path, std::strerror(error)));
}

// 0, or the errno of the failure.
int write_all(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno;
    done += static_cast<std::size_t>(wrote);
  }
  return 0;
}

int write_directly(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = write_all(fd, text);
  return ::close(fd) != 0 && error == 0 ? errno : error;
}

int write_by_rename(const std::string& path, const std::string& text) {
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return errno;
  int error = write_all(fd, text);
  // mkostemp makes a private file; the result gets the mode of the old one, or of a new file.
  struct stat old {};
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t mode = ::stat(path.c_str(), &old) == 0 ? old.st_mode & 0777 : 0666 & ~mask;
  if (error == 0 && ::fchmod(fd, mode) != 0) error = errno;
  give_to_calling_user(fd);
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(temporary.c_str());
  return error;
}

}  // namespace

std::string to_json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ResultDocument::ResultDocument(const ResultHead& head) {
  add("schema_version", k_schema_version);
  add("tool", {{"name", "coldframe"}, {"version", head.tool_version}});
  add("command", head.command);
  add("started", utc_text(head.started));
  add("seed", head.seed);
  add("host", host_json(head.host));
  add("function", function_json(head.function));
  verdict_ =
      to_json_text({{"exit_code", static_cast<int>(head.exit_code)}, {"reasons", head.reasons}});
}

void ResultDocument::add(const std::string& key, const Json& value) {
  entries_.emplace_back(key, to_json_text(value));
}

void ResultDocument::add_list(const std::string& key, const std::vector<std::string>& elements) {
  entries_.emplace_back(
      key, elements.empty() ? "[]" : fmt::format("[\n{}\n]", fmt::join(elements, ",\n")));
}

std::string ResultDocument::text() const {
  std::string text = "{\n";
  for (const auto& [key, value] : entries_)
    text += fmt::format("\"{}\": {},\n", key, value);
  return text + fmt::format("\"verdict\": {}\n}}\n", verdict_);
}

Result<void> check_result_path(const std::string& path) {
  if (path == "-") return {};
  std::error_code ignored;
  const std::filesystem::path target(path);
  if (path.empty() || std::filesystem::is_directory(target, ignored)) {
    return usage_error(fmt::format("'{}' is not a file that a result can be written to", path));
  }
  std::filesystem::path directory = target.parent_path();
  if (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) {
    return usage_error(
        fmt::format("cannot write {}: there is no directory {}", path, directory.string()));
  }
  const auto writable = [](const std::filesystem::path& place) {
    return ::faccessat(AT_FDCWD, place.c_str(), W_OK, AT_EACCESS) == 0;
  };
  const auto refusal = [&](const std::string& place) {
    return usage_error(fmt::format("cannot write {}: {}: {}", path, place, std::strerror(errno)));
  };
  const bool exists = std::filesystem::exists(target, ignored);
  if (exists && !writable(target)) return refusal("the file cannot be written");
  if (exists && !std::filesystem::is_regular_file(target, ignored)) return {};
  // It is replaced by a file written beside it: behind a symbolic link, beside its target.
  if (exists) directory = std::filesystem::canonical(target, ignored).parent_path();
  if (directory.empty()) directory = ".";
  if (!writable(directory)) return refusal("directory " + directory.string());
  return {};
}

Result<void> write_result(const std::string& path, const std::string& text) {
  int error = 0;
  if (path == "-") {
    error = write_all(STDOUT_FILENO, text);
    if (error != 0) return cannot_write("to standard output", error);
    return {};
  }
  std::error_code failed;
  const bool exists = std::filesystem::exists(path, failed);
  if (exists && !std::filesystem::is_regular_file(path, failed)) {
    error = write_directly(path, text);
  } else {
    // Through a symbolic link the file behind it is replaced, not the link.
    const std::filesystem::path real =
        exists ? std::filesystem::canonical(path, failed) : std::filesystem::path(path);
    error = write_by_rename(failed ? path : real.string(), text);
  }
  if (error != 0) return cannot_write(path, error);
  return {};
}

}  // namespace coldframe
