#include "emulator/inspect/model_files.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace coldframe::inspect {
namespace {

constexpr std::size_t k_most_models = 200;
constexpr std::size_t k_most_operations = 100'000'000;  // of all of them
constexpr std::size_t k_beginning_bytes = 64;
constexpr std::size_t k_end_bytes = 4096;

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_named_like_pickle(std::string_view name) {
  return ends_with_any(name, {".pkl", ".pickle", ".joblib", ".sav", ".pkl.gz", ".pkl.z", ".pkl.xz",
                              ".pkl.bz2", ".pkl.zst", ".pkl.lz4", ".joblib.gz", ".joblib.z",
                              ".joblib.xz", ".joblib.bz2", ".joblib.lz4", ".joblib.zst", ".jl"});
}

// Nobody puts a pickle into a file of such a name.
bool is_something_else(std::string_view name) {
  return ends_with_any(name, {".py", ".pyc", ".so", ".txt", ".md", ".csv", ".html", ".js", ".yaml",
                              ".yml", ".toml", ".sh", ".zip", ".gz", ".png", ".jpg", ".h", ".c"});
}

bool is_of_packages(const Look& look, const CensusFile& file) {
  if (file.path.find("-packages/") != std::string::npos) return true;
  if (!look.python.standard_library.empty() && is_below(file.path, look.python.standard_library))
    return true;
  if (!look.is_own(file.path)) {
    for (const char* directory : {"/usr", "/var/lang", "/lib", "/etc", "/var/lib", "/var/cache"}) {
      if (is_below(file.path, directory)) return true;
    }
  }
  return !look.package_of(file.path).empty();
}

// The pickle in an array of objects follows its header.
bool read_npy(const Bytes& file, ModelFile& model) {
  const std::string head = file.piece(0, 12);
  if (!head.starts_with("\x93NUMPY")) return false;
  const bool is_first = head[6] == 1;
  std::size_t bytes = static_cast<unsigned char>(head[8]) |
                      static_cast<std::size_t>(static_cast<unsigned char>(head[9])) << 8U;
  if (!is_first) {
    bytes |= static_cast<std::size_t>(static_cast<unsigned char>(head[10])) << 16U;
    bytes |= static_cast<std::size_t>(static_cast<unsigned char>(head[11])) << 24U;
  }
  constexpr std::size_t k_most_header = 64 * 1024;
  const std::size_t begin = is_first ? 10 : 12;
  if (bytes > k_most_header) return false;
  if (file.piece(begin, bytes).find("'|O'") == std::string::npos) return false;
  PlainPickleInput input(file, begin + bytes);
  model.is_pickle = true;
  model.facts = read_pickle(input);
  return true;
}

bool read_model(const CensusFile& file, ModelFile& model) {
  const std::string_view name = file.name();
  const auto bytes = FileBytes::open(file.host_path);
  if (!bytes) return false;
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(k_beginning_bytes, bytes->size()));
  const std::string beginning = bytes->piece(0, size);
  if (name.ends_with(".npy")) return read_npy(*bytes, model);
  const bool by_name = is_named_like_pickle(name);
  if (beginning.find("learner") < 16) {
    const std::uint64_t from = bytes->size() - std::min<std::uint64_t>(bytes->size(), k_end_bytes);
    const auto version =
        xgboost_version(bytes->piece(from, static_cast<std::size_t>(bytes->size() - from)));
    if (version.empty()) return false;
    model.facts.xgboost_versions.insert(version);
    return true;
  }
  if (!by_name && !looks_like_pickle(beginning, false)) return false;
  const auto input = open_pickle_input(*bytes);
  model.is_pickle = true;
  if (!input) {
    model.facts.trouble = "its compression cannot be undone here";
    return true;
  }
  model.facts = read_pickle(*input);
  // By its first bytes alone it may be anything.
  return by_name || model.facts.is_whole || !model.facts.globals.empty();
}

}  // namespace

std::vector<ModelFile> find_models(const Look& look) {
  std::vector<ModelFile> models;
  std::size_t operations = 0;
  for (const CensusFile& file : look.census.files()) {
    constexpr std::int64_t k_least = 4;
    if (!file.is_file() || file.bytes < k_least || is_something_else(file.name())) continue;
    const bool by_name = is_named_like_pickle(file.name()) ||
                         ends_with_any(file.name(), {".npy", ".ubj", ".json", ".model", ".bst"});
    if (!by_name && !look.is_own(file.path)) continue;
    if (is_of_packages(look, file)) continue;
    ModelFile model{&file};
    const bool is_model = read_model(file, model);
    operations += model.facts.operations;
    if (is_model) models.push_back(std::move(model));
    if (models.size() >= k_most_models || operations > k_most_operations) break;
  }
  return models;
}

bool is_dangerous(const std::string& module, const std::string& name) {
  constexpr std::array<std::string_view, 21> k_modules{
      "os",    "posix",  "nt",      "subprocess", "pty",    "socket",          "shutil",
      "runpy", "ctypes", "code",    "pdb",        "bdb",    "webbrowser",      "importlib",
      "pip",   "timeit", "asyncio", "requests",   "urllib", "multiprocessing", "commands"};
  constexpr std::array<std::string_view, 8> k_builtins{"eval", "exec",     "compile", "__import__",
                                                       "open", "execfile", "apply",   "breakpoint"};
  const std::string top = module.substr(0, module.find('.'));
  if (top == "builtins" || top == "__builtin__") {
    return std::find(k_builtins.begin(), k_builtins.end(), name) != k_builtins.end();
  }
  if (top == "os" && (name == "PathLike" || name == "fspath" || name == "_wrap_close"))
    return false;
  if (top == "sys") return name == "modules" || name.find('.') != std::string::npos;
  if (std::find(k_modules.begin(), k_modules.end(), top) != k_modules.end()) return true;
  // "numpy" and "f2py.os.system": on the way through a harmless module.
  for (std::size_t at = name.find('.'), from = 0; from < name.size();) {
    const std::string part = name.substr(from, at - from);
    if (at != std::string::npos &&
        (part == "sys" || std::find(k_modules.begin(), k_modules.end(), part) != k_modules.end()))
      return true;
    if (at == std::string::npos) break;
    from = at + 1;
    at = name.find('.', from);
  }
  return false;
}

}  // namespace coldframe::inspect
