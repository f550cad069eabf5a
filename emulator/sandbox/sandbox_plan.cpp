#include "emulator/sandbox/sandbox_plan.hpp"

#include <algorithm>
#include <array>

#include "emulator/extensions/find_extensions.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

// What a program of the host needs of it, wherever the distribution keeps it.
constexpr std::array<const char*, 9> k_system{"/usr",   "/etc",   "/bin",    "/sbin", "/lib",
                                              "/lib32", "/lib64", "/libx32", "/nix"};
// Those that are the sandbox's own.
constexpr std::array<const char*, 5> k_own{"/proc", "/dev", "/sys", "/var/task", "/run"};

bool is_below(const fs::path& path, const fs::path& directory) {
  auto at = path.begin();
  for (const auto& part : directory) {
    if (part.empty()) continue;
    if (at == path.end() || *at != part) return false;
    ++at;
  }
  return true;
}

fs::path normal(const fs::path& path) {
  auto out = path.lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

// "home = /usr/bin" of a virtual environment; empty: there is none.
fs::path home_of(const fs::path& prefix, HostLooks& looks) {
  constexpr std::size_t k_most = 4096;  // the file is some lines long
  const std::string text = looks.beginning(prefix / "pyvenv.cfg", k_most);
  for (std::size_t at = 0, next = 0; at < text.size(); at = next + 1) {
    next = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, next - at);
    const auto equals = line.find('=');
    if (equals == std::string::npos || line.substr(0, 4) != "home") continue;
    const auto begin = line.find_first_not_of(" \t", equals + 1);
    const auto end = line.find_last_not_of(" \t\r");
    if (begin != std::string::npos && end >= begin) return line.substr(begin, end - begin + 1);
  }
  return {};
}

// What its `#!` line starts; empty: it has none.
fs::path interpreter_of(const fs::path& script, HostLooks& looks) {
  constexpr std::size_t k_most = 256;  // as the kernel reads it
  std::string line = looks.beginning(script, k_most);
  line = line.substr(0, line.find('\n'));
  if (line.substr(0, 2) != "#!") return {};
  const auto begin = line.find_first_not_of(" \t", 2);
  if (begin == std::string::npos) return {};
  return line.substr(begin, line.find_first_of(" \t\r", begin) - begin);
}

// The same path with its first symbolic link, a directory perhaps, replaced by what it leads to;
// empty: there is none.
fs::path through_first_link(const fs::path& path, HostLooks& looks) {
  fs::path at;
  for (auto part = path.begin(); part != path.end(); ++part) {
    at /= *part;
    const fs::path target = looks.link_target(at);
    if (target.empty()) continue;
    fs::path next = at.parent_path() / target;
    for (++part; part != path.end(); ++part)
      next /= *part;
    return next;
  }
  return {};
}

// Collects the paths that are to be seen inside at their own place.
class Needs {
 public:
  Needs(SandboxPlan& plan, std::vector<fs::path> covered, HostLooks& looks)
      : plan_(plan), covered_(std::move(covered)), looks_(looks) {}

  void add(const fs::path& given) {
    const fs::path path = normal(given);
    if (!path.is_absolute() || path == "/" || is_covered(path) || !looks_.is_there(path)) return;
    for (const char* own : k_own) {
      if (is_below(path, own)) return;
    }
    covered_.push_back(path);
    plan_.mounts.push_back({path.string(), path.string()});
  }

  // A program: each link that leads to it, what it is installed with, what interprets it.
  void add_program(const fs::path& given, int depth = 0) {
    constexpr int k_deepest = 16;
    const fs::path path = normal(given);
    if (depth > k_deepest || !path.is_absolute()) return;
    add_installation(path);
    if (const auto next = through_first_link(path, looks_); !next.empty()) {
      return add_program(next, depth + 1);
    }
    if (const auto interpreter = interpreter_of(path, looks_); !interpreter.empty()) {
      add_program(interpreter, depth + 1);
    }
  }

  // What a script needs that is not shown at its own place.
  void add_interpreter(const fs::path& script) {
    const auto interpreter = interpreter_of(script, looks_);
    if (!interpreter.empty()) add_program(interpreter);
  }

  bool is_covered(const fs::path& path) const {
    return std::any_of(covered_.begin(), covered_.end(),
                       [&](const fs::path& one) { return is_below(path, one); });
  }

 private:
  // Of PREFIX/bin/program the prefix, if it is one: it has libraries. Else its directory alone.
  void add_installation(const fs::path& program) {
    const fs::path directory = program.parent_path();
    const fs::path prefix = directory.parent_path();
    // Inside it is below /var/task, and found from there; what it refers to may be elsewhere.
    const fs::path home = home_of(prefix, looks_);
    if (!home.empty()) add_program(home / program.filename(), k_home_depth);
    if (is_below(program, plan_.task_root) || is_covered(program)) return;
    const bool is_prefix =
        directory.filename() == "bin" &&
        (!home.empty() || looks_.is_folder(prefix / "lib") || looks_.is_folder(prefix / "lib64"));
    add(is_prefix ? prefix : directory);
  }

  static constexpr int k_home_depth = 8;
  SandboxPlan& plan_;
  std::vector<fs::path> covered_;
  HostLooks& looks_;
};

}  // namespace

std::string SandboxPlan::inside(const fs::path& path) const {
  if (path.empty()) return "";
  const fs::path given = normal(path);
  if (!image.empty()) return given.string();
  if (!is_below(given, task_root)) return given.string();
  const fs::path rest = given.lexically_relative(task_root);
  return rest == "." ? k_sandbox_task_root : (fs::path(k_sandbox_task_root) / rest).string();
}

std::string SandboxPlan::inside_opt(const fs::path& path) const {
  return (fs::path(k_extensions_inside) / path.filename()).string();
}

bool SandboxPlan::shows(const fs::path& path) const {
  if (!image.empty()) return false;
  const fs::path given = normal(path);
  const auto covers = [&](const std::string& place) { return is_below(given, place); };
  return given == "/" || std::any_of(k_own.begin(), k_own.end(), covers) ||
         std::any_of(mounts.begin(), mounts.end(),
                     [&](const SandboxMount& mount) { return covers(mount.to); }) ||
         std::any_of(links.begin(), links.end(),
                     [&](const SandboxLink& link) { return covers(link.at); });
}

SandboxPlan plan_sandbox(const FunctionConfig& config, const EntryPoint& entry,
                         NetworkMode network) {
  HostLooks looks;
  return plan_sandbox(config, entry, network, looks);
}

SandboxPlan plan_sandbox(const FunctionConfig& config, const EntryPoint& entry, NetworkMode network,
                         HostLooks& looks) {
  SandboxPlan plan;
  plan.task_root = normal(config.task_root).string();
  plan.tmp_mb = config.tmp_mb;
  plan.memory_mb = config.memory_mb;
  plan.network = network;
  if (config.image) {
    plan.image = config.image->directories;
    plan.image_has_trusted_xattrs = config.image->has_trusted_xattrs;
    plan.task_root = plan.image.front();
    return plan;
  }
  std::vector<fs::path> covered;
  for (const char* path : k_system) {
    const fs::path target = looks.link_target(path);
    if (!target.empty()) {
      plan.links.push_back({path, target.string()});
    } else if (looks.is_folder(path)) {
      plan.mounts.push_back({path, path});
    } else {
      continue;
    }
    covered.emplace_back(path);
  }
  Needs needs(plan, std::move(covered), looks);
  if (!entry.executable.empty()) needs.add_program(entry.executable);
  for (std::size_t i = 1; i < entry.argv.size(); ++i) {
    const fs::path word = entry.argv[i];
    if (!word.is_absolute() || !looks.is_there(word)) continue;
    // A script that is named by its own path finds its neighbours there.
    needs.add(is_below(normal(word), plan.task_root) ? fs::path(plan.task_root)
              : looks.is_folder(word)                ? word
                                                     : word.parent_path());
  }
  if (!is_below(normal(config.working_directory), plan.task_root)) {
    needs.add(config.working_directory);
  }
  if (!config.extensions.empty() && has_extensions_api(config) &&
      looks.is_folder(config.extensions)) {
    plan.mounts.push_back({normal(config.extensions).string(), k_extensions_inside});
    for (const auto& file : find_extensions(config))
      needs.add_interpreter(file.path);
  }
  return plan;
}

}  // namespace coldframe
