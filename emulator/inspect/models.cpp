// W31: models that were saved with other versions than those that are installed, or by code that
// the function does not have; and pickles that would run something.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "emulator/inspect/model_files.hpp"

namespace coldframe::inspect {
namespace {

constexpr std::size_t k_most_named = 3;
constexpr std::size_t k_source_bytes = std::size_t{2} << 20;

// "1.4" of "1.4.2".
std::string minor_of(const std::string& version) {
  const auto dot = version.find('.');
  return dot == std::string::npos ? version : version.substr(0, version.find('.', dot + 1));
}

// Compiled into the interpreter, or always there.
bool is_built_in(const std::string& top) {
  constexpr std::array<std::string_view, 18> k_names{
      "builtins",  "__builtin__", "sys",      "copy_reg", "copyreg",   "time",
      "itertools", "gc",          "posix",    "math",     "functools", "operator",
      "array",     "errno",       "datetime", "marshal",  "atexit",    "faulthandler"};
  return top.starts_with('_') || std::find(k_names.begin(), k_names.end(), top) != k_names.end();
}

class ModelCheck {
 public:
  ModelCheck(const Look& look, Findings& out) : look_(look), out_(out) {}

  void run() {
    for (const ModelFile& model : look_.models) {
      where_ = look_.subject.shown(model.file->path);
      check_version("scikit-learn", model.facts.sklearn_versions, model.is_pickle);
      check_version("xgboost", model.facts.xgboost_versions, model.is_pickle);
      if (model.is_pickle) check_pickle(model.facts);
    }
  }

 private:
  void say(Severity severity, std::string message, std::string fix) {
    out_.push_back({"W31", severity, std::move(message), where_, std::move(fix)});
  }

  std::string install_line(const std::string& requirement) const {
    return (look_.subject.is_image() ? "RUN pip install " : "pip install ") + requirement;
  }

  void check_version(const std::string& library, const std::set<std::string>& versions,
                     bool is_pickle) {
    const Distribution* installed = look_.python.installed(library);
    if (installed == nullptr && library == "xgboost") {
      installed = look_.python.installed("xgboost-cpu");
    }
    if (installed == nullptr || versions.empty()) return;
    for (const std::string& version : versions) {
      if (version == installed->version) continue;
      const bool is_minor = minor_of(version) != minor_of(installed->version);
      // What it saves itself, XGBoost reads from older versions.
      if (!is_pickle && !is_minor) continue;
      say(is_minor ? Severity::warning : Severity::info,
          fmt::format("it was saved with {} {}, and {} is installed{}", library, version,
                      installed->version, is_minor ? ": it may not load, or answer otherwise" : ""),
          install_line(library + "==" + version));
    }
  }

  void check_pickle(const PickleFacts& facts) {
    std::vector<std::string> dangerous;
    std::vector<std::string> of_main;
    std::vector<std::string> modules;
    std::vector<std::string> names;
    for (const auto& [module, name] : facts.globals) {
      const std::string full = module + "." + name;
      if (module == "__main__") {
        of_main.push_back(name);
      } else if (is_dangerous(module, name)) {
        dangerous.push_back(full);
      } else if (is_missing_module(module)) {
        if (modules.empty() || modules.back() != module) modules.push_back(module);
      } else if (is_missing_name(module, name)) {
        names.push_back(full);
      }
    }
    if (!dangerous.empty()) {
      say(Severity::error, "to load it calls " + list(dangerous) + ": that is no model's business",
          "do not load it; ask where it comes from");
    }
    if (!of_main.empty()) {
      say(Severity::error,
          "it wants " + list(of_main) +
              " of __main__, the script that saved it; on Lambda __main__ is the runtime client: "
              "\"Can't get attribute\"",
          "define it in a module that the handler imports too, and save the model again");
    }
    if (!modules.empty()) {
      say(Severity::error,
          "it wants " + list(modules) + ", which cannot be imported here: ModuleNotFoundError",
          fix_for(modules.front(), facts));
    }
    if (!names.empty()) {
      say(Severity::error,
          "it wants " + list(names) +
              ", which the installed version does not have: \"Can't get "
              "attribute\"",
          fix_for(names.front(), facts));
    }
    if (!facts.is_whole) {
      say(Severity::info, "it was not read to its end: " + facts.trouble, "");
    }
  }

  static std::string list(const std::vector<std::string>& names) {
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), k_most_named); ++i)
      out += (i > 0 ? ", " : "") + names[i];
    return out + and_more(names.size(), k_most_named);
  }

  std::string fix_for(const std::string& module, const PickleFacts& facts) const {
    const std::string top = module.substr(0, module.find('.'));
    if (top == "sklearn") {
      const bool known = !facts.sklearn_versions.empty();
      return install_line("scikit-learn" + (known ? "==" + *facts.sklearn_versions.begin() : ""));
    }
    if (module.starts_with("numpy._core")) return install_line("'numpy>=1.26'");
    return install_line(top) + (look_.python.find(top) ? " of the version that saved it" : "");
  }

  bool is_missing_module(const std::string& module) const {
    if (!look_.python.is_known() || look_.python.distributions.empty()) return false;
    const std::string top = module.substr(0, module.find('.'));
    if (is_built_in(top)) return false;
    if (look_.python.find(top)) return !is_there(module);
    // Without its standard library nobody knows what Python has.
    return !look_.python.standard_library.empty() || is_well_known(top);
  }

  bool is_there(const std::string& module) const {
    if (module.find('.') == std::string::npos || look_.python.find(module)) return true;
    // Some are made while their package is imported.
    const std::string parent = module.substr(0, module.rfind('.'));
    const auto package = look_.python.find(parent);
    return package && package->is_package && !package->is_source;
  }

  static bool is_well_known(const std::string& top) {
    constexpr std::array<std::string_view, 12> k_names{
        "sklearn", "numpy",    "scipy",    "pandas", "xgboost",     "lightgbm",
        "joblib",  "catboost", "imblearn", "torch",  "statsmodels", "category_encoders"};
    return std::find(k_names.begin(), k_names.end(), top) != k_names.end();
  }

  bool is_missing_name(const std::string& module, const std::string& name) const {
    const auto found = look_.python.find(module);
    if (!found || !found->is_source || is_built_in(module.substr(0, module.find('.'))))
      return false;
    if (!look_.python.standard_library.empty() &&
        is_below(found->path, look_.python.standard_library) &&
        look_.package_of(found->path).empty())
      return false;
    const std::string path = found->is_package ? found->path + "/__init__.py" : found->path;
    const CensusFile* file = look_.census.find(path);
    const auto bytes = file != nullptr ? FileBytes::open(file->host_path) : nullptr;
    if (!bytes || bytes->size() > k_source_bytes) return false;
    const std::string text = bytes->piece(0, static_cast<std::size_t>(bytes->size()));
    return !text.empty() && !has_word(text, name.substr(0, name.find('.'))) &&
           text.find("import *") == std::string::npos &&
           text.find("__getattr__") == std::string::npos &&
           text.find("globals()") == std::string::npos;
  }

  const Look& look_;
  Findings& out_;
  std::string where_;
};

}  // namespace

void check_models(const Look& look, Findings& out) { ModelCheck(look, out).run(); }

}  // namespace coldframe::inspect
