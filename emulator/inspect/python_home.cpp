#include "emulator/inspect/python_home.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "emulator/inspect/distributions.hpp"

namespace coldframe::inspect {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_small_file = 64 * 1024;
constexpr std::size_t k_most_search = 64;

// "3.11" of ".../python3.11"; empty if it says none.
std::string version_in(std::string_view path) {
  const auto name = last_part(path);
  constexpr std::string_view k_python = "python";
  if (!name.starts_with(k_python)) return "";
  const auto version = name.substr(k_python.size());
  return version.find('.') == version.npos ? "" : std::string(version);
}

class Search {
 public:
  Search(const Subject& subject, const Census& census, PythonHome& home)
      : subject_(subject), census_(census), home_(home) {}

  void add(const std::string& directory) {
    if (home_.search.size() >= k_most_search) return;
    const auto node = subject_.tree.resolve(directory);
    if (!node || !node->is_directory() || !known_.insert(node->path).second) return;
    home_.search.push_back(node->path);
  }

  void add_site(const std::string& directory) {
    const auto node = subject_.tree.resolve(directory);
    if (!node || !node->is_directory() || known_.contains(node->path)) return;
    add(directory);
    home_.site_directories.push_back(node->path);
    for (const CensusFile* file : census_.children(node->path)) {
      if (file->path.ends_with(".pth")) add_lines(*file, node->path);
    }
  }

 private:
  // Lines of a .pth that are no code name directories.
  void add_lines(const CensusFile& file, const std::string& base) {
    const auto node = subject_.tree.resolve(file.path);
    if (!node) return;
    const std::string text = ImageTree::beginning(*node, k_small_file);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      const std::string line = text.substr(at, end - at);
      at = end + 1;
      if (line.empty() || line.starts_with('#') || line.starts_with("import ")) continue;
      add((fs::path(base) / line).lexically_normal().string());
    }
  }

  const Subject& subject_;
  const Census& census_;
  PythonHome& home_;
  std::set<std::string> known_;
};

// The version whose library lies below a prefix, if there is one only.
std::string version_below(const Subject& subject, const std::string& library) {
  std::string found;
  for (const std::string& name : subject.tree.list(library)) {
    const std::string version = version_in(name);
    if (version.empty() || !version.starts_with('3')) continue;
    if (!found.empty()) return "";
    found = version;
  }
  return found;
}

std::string value_of(const std::string& text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const auto equals = line.find('=');
    if (equals == std::string::npos || line.substr(0, line.find_first_of(" =")) != key) continue;
    const auto from = line.find_first_not_of(" \t", equals + 1);
    return from == std::string::npos ? "" : line.substr(from);
  }
  return "";
}

struct Prefixes {
  std::string own;   // of the environment
  std::string base;  // of the Python that it was made from; the same without one
  bool sees_base_site = true;
};

Prefixes prefixes_of(const Subject& subject, const std::string& interpreter) {
  Prefixes prefixes;
  prefixes.own = parent_of(parent_of(interpreter));
  const auto real = subject.tree.resolve(interpreter);
  prefixes.base = real ? std::string(parent_of(parent_of(real->path))) : "";
  const auto settings = subject.tree.resolve(prefixes.own + "/pyvenv.cfg");
  if (settings) {
    const std::string text = ImageTree::beginning(*settings, k_small_file);
    prefixes.sees_base_site = value_of(text, "include-system-site-packages").starts_with("true");
    if (prefixes.base.empty() || prefixes.base == prefixes.own) {
      const std::string home = value_of(text, "home");
      prefixes.base = home.starts_with('/') ? std::string(parent_of(home)) : "";
    }
    return prefixes;
  }
  if (!prefixes.base.empty()) prefixes.own = prefixes.base;
  return prefixes;
}

void add_base(const Subject& subject, PythonHome& home, Search& search, const Prefixes& prefixes) {
  const std::string& prefix = prefixes.base;
  if (prefix.empty() || home.version.empty()) return;
  const std::string library = (prefix == "/" ? "" : prefix) + "/lib/python" + home.version;
  const auto node = subject.tree.resolve(library);
  // Of a directory it lies outside.
  if (node && subject.is_image()) {
    home.standard_library = node->path;
    search.add(library);
    search.add(library + "/lib-dynload");
  }
  if (!prefixes.sees_base_site || !subject.is_image()) return;
  search.add_site("/usr/local/lib/python" + home.version + "/dist-packages");
  search.add_site(library + "/site-packages");
  search.add_site(library + "/dist-packages");
  if (prefix == "/usr" || prefix == "/") search.add_site("/usr/lib/python3/dist-packages");
}

}  // namespace

std::string normalised(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_dash = c == '-' || c == '_' || c == '.';
    if (is_dash && out.ends_with('-')) continue;
    out += is_dash ? '-' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::optional<PythonModule> PythonHome::find(const std::string& name) const {
  std::string path = name;
  std::replace(path.begin(), path.end(), '.', '/');
  for (const std::string& directory : search) {
    const std::string base = (directory == "/" ? "" : directory) + "/" + path;
    if (const auto* file = census->find(base + "/__init__.py")) {
      return PythonModule{std::string(parent_of(file->path)), true, true};
    }
    for (const char* ending : {".py", ".so", ".abi3.so", ".pyc"}) {
      if (const auto* file = census->find(base + ending)) {
        return PythonModule{file->path, false, ending == std::string_view(".py")};
      }
    }
    if (const auto* file = census->find_compiled(base + ".cpython-")) {
      return PythonModule{file->path, false, false};
    }
    // Without __init__.py it is a package of several places (PEP 420).
    if (const auto* file = census->find(base); file != nullptr && file->is_directory()) {
      return PythonModule{file->path, true, false};
    }
  }
  return std::nullopt;
}

const Distribution* PythonHome::installed(const std::string& name) const {
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &distributions[found->second];
}

const Distribution* PythonHome::of_module(const std::string& top_level) const {
  const auto found = by_module.find(top_level);
  return found == by_module.end() ? nullptr : &distributions[found->second];
}

PythonHome find_python_home(const Subject& subject, const Census& census,
                            const std::string& interpreter) {
  PythonHome home;
  home.census = &census;
  home.interpreter = interpreter;
  // A directory's may lie outside of it, with nothing but the packages beside the code inside.
  if (interpreter.empty() && subject.is_image()) return home;
  const Prefixes prefixes =
      interpreter.empty() ? Prefixes{"/", "", false} : prefixes_of(subject, interpreter);
  const std::string own = prefixes.own == "/" ? "" : prefixes.own;
  const auto real = subject.tree.resolve(interpreter);
  home.version = real ? version_in(real->path) : "";
  if (home.version.empty()) home.version = version_in(interpreter);
  if (home.version.empty()) home.version = version_below(subject, own + "/lib");
  if (home.version.empty() && !prefixes.base.empty())
    home.version = version_below(subject, prefixes.base + "/lib");
  Search search(subject, census, home);
  // `python -m` and the runtime client put the working directory in front.
  search.add(subject.working_directory);
  search.add(subject.task_root);
  const std::string python_path = subject.variable("PYTHONPATH");
  for (std::size_t at = 0; at <= python_path.size();) {
    const auto end = std::min(python_path.find(':', at), python_path.size());
    if (end > at) search.add_site(python_path.substr(at, end - at));
    at = end + 1;
  }
  if (subject.is_image()) search.add("/var/runtime");
  if (!home.version.empty()) {
    if (prefixes.own != prefixes.base) {
      search.add_site(own + "/lib/python" + home.version + "/site-packages");
    }
    add_base(subject, home, search, prefixes);
    search.add_site("/opt/python/lib/python" + home.version + "/site-packages");
  }
  search.add_site("/opt/python");
  for (const std::string& directory : home.search)
    add_distributions(census, directory, home.distributions);
  // Of two the one that is found first counts.
  for (std::size_t i = 0; i < home.distributions.size(); ++i) {
    home.by_name.emplace(home.distributions[i].name, i);
    for (const std::string& module : home.distributions[i].modules)
      home.by_module.emplace(module, i);
  }
  return home;
}

}  // namespace coldframe::inspect
