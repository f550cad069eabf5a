// What a function is: the effective settings after flags, environment, file and defaults were
// merged. Names are AWS's own. Value type.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/limits.hpp"
#include "emulator/model/function_image.hpp"

namespace coldframe {

enum class LogFormat { text, json };
enum class Level { trace, debug, info, warn, error, fatal };
enum class Credentials { made_up, caller };

struct FunctionConfig {
  std::string name = "function";
  std::string region = "us-east-1";
  std::string account = "123456789012";
  std::string version = "$LATEST";
  int memory_mb = limits::k_memory_default_mb;
  int timeout_s = limits::k_timeout_default_s;
  int tmp_mb = limits::k_tmp_min_mb;
  std::string architecture = "x86_64";
  std::string runtime;                           // "python3.12", "provided.al2023"; empty: image
  std::string handler;                           // zip functions; images: last of the command
  std::map<std::string, std::string> variables;  // the customer's
  std::vector<std::string> entry_point;          // empty: a file called `bootstrap`
  std::vector<std::string> command;
  std::shared_ptr<const FunctionImage> image;  // null: the files are those of a directory
  // What is /var/task on Lambda; absolute. Of an image these two are paths inside.
  std::filesystem::path task_root;
  std::filesystem::path working_directory;  // absolute
  std::filesystem::path extensions;  // what is /opt/extensions on Lambda; absolute; empty: none
  bool extensions_allowed = true;    // else their API is not there
  LogFormat log_format = LogFormat::text;
  Level application_level = Level::info;  // with JSON logs only
  Level system_level = Level::info;
  std::optional<int> reserved_concurrency;
  Credentials credentials = Credentials::made_up;
  Duration init_limit = limits::k_init_limit;
  bool init_limit_given = false;  // then it holds for provisioned ones too

  std::string arn() const {
    return "arn:aws:lambda:" + region + ":" + account + ":function:" + name;
  }
  Duration timeout() const { return std::chrono::seconds(timeout_s); }
  // Lambda's own, whatever init_limit is here. `provisioned`: ahead of any invoke.
  Duration lambdas_init_limit(bool provisioned) const {
    if (!provisioned) return limits::k_init_limit;
    return std::clamp<Duration>(timeout(), limits::k_provisioned_init_min,
                                limits::k_provisioned_init_max);
  }
};

}  // namespace coldframe
