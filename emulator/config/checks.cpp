// Ranges and rules that hold wherever a setting comes from: file, flag or environment.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "emulator/base/unique_fd.hpp"
#include "emulator/config/function_file.hpp"
#include "emulator/environment/environment_variables.hpp"

namespace coldframe {
namespace {

Result<void> check_range(std::int64_t value, std::int64_t least, std::int64_t most,
                         const std::string& where, const char* unit) {
  if (value >= least && value <= most) return {};
  return usage_error(where + " " + std::to_string(value) + " is out of range; Lambda allows " +
                     std::to_string(least) + " to " + std::to_string(most) + " " + unit);
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path, const std::string& what,
                                   std::size_t most) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return usage_error("cannot read " + what + " '" + path.string() + "': " + std::strerror(errno));
  }
  std::string text;
  char buffer[64 * 1024];
  ssize_t got = 0;
  while ((got = ::read(file.get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > most) {
      struct stat info {};
      const bool whole_size_known = ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode);
      return usage_error(
          what + " '" + path.string() + "' has " +
          (whole_size_known ? std::to_string(info.st_size) : "more than " + std::to_string(most)) +
          " bytes; at most " + std::to_string(most) + " are allowed");
    }
  }
  if (got < 0) {
    return usage_error("cannot read " + what + " '" + path.string() + "': " + std::strerror(errno));
  }
  return text;
}

Result<void> check_function_name(const std::string& name, const std::string& where) {
  const bool legal =
      !name.empty() && name.size() <= 64 &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
          std::string::npos;
  if (legal) return {};
  return usage_error(where + " '" + name +
                     "' is not a function name; use 1 to 64 letters, digits, '-' and '_'");
}

// A version or an alias, as the Qualifier of an invoke may name it.
std::string hint_in_directory(const std::string& path, const FunctionConfig& config) {
  std::error_code ignored;
  const std::filesystem::path given = path;
  if (path.empty() || config.image || given.is_absolute() ||
      std::filesystem::exists(given, ignored))
    return "";
  const auto there = config.task_root / given;
  if (!std::filesystem::exists(there, ignored)) return "";
  const std::string near = std::filesystem::proximate(there, ignored).string();
  return "; did you mean " + (near.starts_with("..") ? there.string() : near) + "?";
}

Result<void> check_version(const std::string& version, const std::string& where) {
  const bool number = !version.empty() && version.size() <= 19 &&
                      version.find_first_not_of("0123456789") == std::string::npos;
  if (number || version == "$LATEST" || version == "$LATEST.PUBLISHED") return {};
  return usage_error(where + " '" + version + "' is not a version; write $LATEST or a number");
}

Result<void> check_region(const std::string& region, const std::string& where) {
  if (!region.empty() && region.size() <= 64 &&
      region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos) {
    return {};
  }
  return usage_error(where + " '" + region + "' is not a region; write one like us-east-1");
}

Result<void> check_account(const std::string& account, const std::string& where) {
  if (account.size() == 12 && account.find_first_not_of("0123456789") == std::string::npos) {
    return {};
  }
  return usage_error(where + " '" + account + "' is not an account; it has twelve digits");
}

Result<void> check_memory(std::int64_t megabytes, const std::string& where) {
  return check_range(megabytes, limits::k_memory_min_mb, limits::k_memory_max_mb, where, "MB");
}
Result<void> check_timeout(std::int64_t seconds, const std::string& where) {
  return check_range(seconds, limits::k_timeout_min_s, limits::k_timeout_max_s, where, "seconds");
}
Result<void> check_tmp(std::int64_t megabytes, const std::string& where) {
  return check_range(megabytes, limits::k_tmp_min_mb, limits::k_tmp_max_mb, where, "MB");
}

Result<void> check_variable_name(const std::string& name, const std::string& where) {
  // Those with _ are dropped with a warning.
  if (name.starts_with('_') || is_valid_variable_name(name)) return {};
  return usage_error(where + ": '" + name +
                     "' is not a variable name for Lambda; a letter first, then letters, digits "
                     "and _, at least two characters");
}

Result<void> check_variables(FunctionConfig& config, const std::string& where,
                             std::vector<std::string>& warnings) {
  std::size_t bytes = 0;
  for (auto it = config.variables.begin(); it != config.variables.end();) {
    const auto& [name, value] = *it;
    if (name.starts_with('_')) {
      warnings.push_back("variable '" + name +
                         "' is dropped: Lambda keeps names that begin with _");
      it = config.variables.erase(it);
      continue;
    }
    if (auto ok = check_variable_name(name, where); !ok) return ok;
    if (value.find('\0') != std::string::npos) {
      return usage_error(where + ": the value of '" + name + "' contains a NUL byte");
    }
    if (is_reserved_variable(name)) {
      warnings.push_back(
          "variable '" + name + "' is reserved: the function sees Lambda's value, not yours" +
          (name == "AWS_REGION" || name == "AWS_DEFAULT_REGION" ? "; --region sets it" : ""));
    }
    bytes += name.size() + value.size();
    ++it;
  }
  if (bytes > limits::k_environment_bytes) {
    return usage_error(where + ": environment variables take " + std::to_string(bytes) +
                       " bytes; Lambda allows 4096 for names and values together");
  }
  return {};
}

}  // namespace coldframe
