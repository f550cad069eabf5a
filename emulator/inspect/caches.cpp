// W3: packages that write a cache below HOME, which Lambda does not set, unless a variable says
// where.
#include <array>

#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {
namespace {

struct CachingPackage {
  const char* module;
  const char* library;
  std::array<const char*, 3> variables;  // any of them will do; the first is the one to set
  const char* value;
};
constexpr std::array<CachingPackage, 9> k_packages{{
    {"transformers",
     "Hugging Face Transformers",
     {"HF_HOME", "TRANSFORMERS_CACHE", "HF_HUB_CACHE"},
     "/tmp/huggingface"},
    {"huggingface_hub",
     "Hugging Face Hub",
     {"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"},
     "/tmp/huggingface"},
    {"matplotlib", "Matplotlib", {"MPLCONFIGDIR", "XDG_CACHE_HOME", nullptr}, "/tmp/matplotlib"},
    {"numba", "Numba", {"NUMBA_CACHE_DIR", nullptr, nullptr}, "/tmp/numba"},
    {"torch", "PyTorch's hub", {"TORCH_HOME", "XDG_CACHE_HOME", nullptr}, "/tmp/torch"},
    {"nltk", "NLTK", {"NLTK_DATA", nullptr, nullptr}, "/tmp/nltk_data"},
    {"keras", "Keras", {"KERAS_HOME", nullptr, nullptr}, "/tmp/keras"},
    {"fastembed", "FastEmbed", {"FASTEMBED_CACHE_PATH", nullptr, nullptr}, "/tmp/fastembed"},
    {"sentence_transformers",
     "Sentence Transformers",
     {"SENTENCE_TRANSFORMERS_HOME", "HF_HOME", nullptr},
     "/tmp/huggingface"},
}};

}  // namespace

void check_caches(const Look& look, Findings& out) {
  // A home that can be written to serves them all.
  if (is_below(look.subject.variable("HOME"), "/tmp")) return;
  std::string told;
  for (const CachingPackage& one : k_packages) {
    const auto module = look.python.find(one.module);
    if (!module || !module->is_package) continue;
    if (look.imports.is_known && !look.imports.imports(one.module)) continue;
    bool is_set = false;
    for (const char* variable : one.variables)
      is_set = is_set || (variable != nullptr && !look.subject.variable(variable).empty());
    const std::string variable = one.variables.front();
    // One line serves Transformers and the hub below it.
    if (is_set || told.find(" " + variable + " ") != std::string::npos) continue;
    told += " " + variable + " ";
    out.push_back({"W3", Severity::warning,
                   std::string(one.library) +
                       " keeps a cache below HOME, which Lambda does not set, "
                       "and only /tmp can be written to; " +
                       variable + " is not set",
                   look.subject.shown(module->path),
                   look.subject.is_image()
                       ? "ENV " + variable + "=" + one.value
                       : "\"" + variable + "\": \"" + one.value + "\" in Environment.Variables"});
  }
}

}  // namespace coldframe::inspect
