// Libraries that want a home directory or shared memory: W3, W6.
#include <array>

#include "emulator/violations/rules.hpp"

namespace coldframe {
namespace {

using Kind = SystemErrorKind;

struct LibraryCache {
  std::string_view library;
  std::string_view variable;  // that moves its cache
  std::string_view value;
  std::array<std::string_view, 4> traces{};  // of it, in a path or a stack
};
constexpr std::array<LibraryCache, 6> k_caches{{
    {"Hugging Face",
     "HF_HOME",
     "/tmp/huggingface",
     {"/.cache/huggingface", "/huggingface_hub/", "/transformers/utils/"}},
    {"PyTorch", "TORCH_HOME", "/tmp/torch", {"/.cache/torch", "/torch/hub.py"}},
    {"Matplotlib",
     "MPLCONFIGDIR",
     "/tmp/matplotlib",
     {"/.config/matplotlib", "/.cache/matplotlib", "/matplotlib/__init__.py"}},
    {"NLTK", "NLTK_DATA", "/tmp/nltk_data", {"/nltk_data", "/nltk/downloader.py"}},
    {"Numba", "NUMBA_CACHE_DIR", "/tmp/numba", {"/numba/core/caching.py"}},
    {"Keras", "KERAS_HOME", "/tmp/keras", {"/.keras", "/keras_home"}},
}};

std::string to_set(const LibraryCache& cache) {
  return "set " + std::string(cache.variable) + "=" + std::string(cache.value) +
         " in Environment.Variables";
}

bool is_in(const LibraryCache& cache, std::string_view text) {
  for (const auto trace : cache.traces) {
    if (!trace.empty() && text.find(trace) != std::string_view::npos) return true;
  }
  return false;
}

const LibraryCache& cache_of(std::string_view library) {
  for (const auto& cache : k_caches) {
    if (cache.library == library) return cache;
  }
  return k_caches.front();
}

Violation unwritable(const LibraryCache& cache) {
  return {"W3", std::string(cache.library) + " cannot write its cache on Lambda; " + to_set(cache)};
}

}  // namespace

std::optional<Violation> library_cache(const ShownError& error, const Circumstances&) {
  // Numba says it in words of its own.
  if (contains_any(error.text, {"no locator available for file"}) &&
      contains_any(error.text, {"cannot cache function"})) {
    return unwritable(cache_of("Numba"));
  }
  if (!error.system) return std::nullopt;
  const Kind kind = error.system->kind;
  const std::string& path = error.system->path;
  if (kind != Kind::read_only && kind != Kind::no_access && kind != Kind::no_entry) {
    return std::nullopt;
  }
  if (path.starts_with("/tmp")) return std::nullopt;
  for (const auto& cache : k_caches) {
    if (is_in(cache, path) && (kind == Kind::read_only || path.starts_with("/home/"))) {
      return unwritable(cache);
    }
    // A file that merely is not there has nothing to do with the library that looked for it.
    if (kind == Kind::read_only && is_in(cache, error.stack)) return unwritable(cache);
  }
  return std::nullopt;
}

std::optional<Violation> shared_memory(const ShownError& error, const Circumstances&) {
  if (!error.system) return std::nullopt;
  const Kind kind = error.system->kind;
  if (kind != Kind::no_entry && kind != Kind::no_function && kind != Kind::no_access &&
      kind != Kind::read_only) {
    return std::nullopt;
  }
  const bool in_library =
      contains_any(error.stack, {"multiprocessing/synchronize.py", "SemLock(", "shm_open(",
                                 "posix_ipc", "multiprocessing/shared_memory.py"}) &&
      (error.system->path.empty() || error.system->path.find('/', 1) == std::string::npos);
  const bool named = error.system->path.starts_with("/dev/shm") ||
                     contains_any(error.system->before, {"shm_open: ", "sem_open: "});
  if (!in_library && !named) return std::nullopt;
  return Violation{"W6",
                   "there is no /dev/shm on Lambda, so locks, queues, pools and shared memory of "
                   "multiprocessing fail; use threads, or multiprocessing.Pipe"};
}

std::vector<Violation> explain_costs(std::string_view output) {
  std::vector<Violation> found;
  if (contains_any(output, {"joblib will operate in serial mode"})) {
    found.push_back(
        {"W6",
         "there is no /dev/shm on Lambda, so joblib works in serial, with threads too, which costs "
         "time; use concurrent.futures.ThreadPoolExecutor; if serial will do, set "
         "JOBLIB_MULTIPROCESSING=0 in Environment.Variables"});
  }
  if (contains_any(output, {"Matplotlib created a temporary cache directory",
                            "Matplotlib created a temporary config/cache directory"})) {
    found.push_back({"W3",
                     "Matplotlib has no home for its cache on Lambda and makes a new one, which "
                     "costs time in every process; " +
                         to_set(cache_of("Matplotlib"))});
  } else if (contains_any(output,
                          {"There was a problem when trying to write in your cache folder"})) {
    found.push_back(
        {"W3",
         "Hugging Face cannot write its cache on Lambda, which costs a download in every "
         "process; " +
             to_set(cache_of("Hugging Face"))});
  }
  return found;
}

}  // namespace coldframe
