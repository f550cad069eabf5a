#include "emulator/inspect/imports.hpp"

#include <algorithm>
#include <cctype>

namespace coldframe::inspect {
namespace {

constexpr std::size_t k_source_bytes = std::size_t{1} << 20;
constexpr std::size_t k_most_sources = 500;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == text.npos) return "";
  return text.substr(from, text.find_last_not_of(" \t\r") + 1 - from);
}

std::string_view dotted_name(std::string_view text) {
  text = trimmed(text);
  std::size_t end = 0;
  while (end < text.size() && (is_word(text[end]) || text[end] == '.'))
    ++end;
  return text.substr(0, end);
}

std::string source_of(const PythonHome& python, const std::string& path) {
  const CensusFile* file = python.census->find(path);
  const auto bytes =
      file != nullptr && file->is_file() ? FileBytes::open(file->host_path) : nullptr;
  if (!bytes) return "";
  std::string text(std::min<std::uint64_t>(bytes->size(), k_source_bytes), '\0');
  text.resize(bytes->read(0, text));
  return text;
}

std::string file_of(const PythonModule& module) {
  return module.is_package ? module.path + "/__init__.py" : module.path;
}

// Whether it came with the function, not with pip into a directory of packages.
bool is_own(const Subject& subject, const PythonHome& python, const std::string& path) {
  for (const std::string& site : python.site_directories) {
    if (is_below(path, site)) return false;
  }
  if (!python.standard_library.empty() && is_below(path, python.standard_library)) return false;
  return is_below(path, subject.task_root) || is_below(path, subject.working_directory);
}

void add_required(const PythonHome& python, Imports& imports) {
  std::vector<std::string> left(imports.packages.begin(), imports.packages.end());
  std::set<std::string> seen;
  while (!left.empty()) {
    const std::string module = std::move(left.back());
    left.pop_back();
    const Distribution* from = python.of_module(module);
    if (from == nullptr || !seen.insert(from->name).second) continue;
    for (const std::string& name : from->requires_) {
      const Distribution* required = python.installed(name);
      if (required == nullptr) continue;
      for (const std::string& one : required->modules) {
        if (imports.packages.insert(one).second) left.push_back(one);
      }
    }
  }
}

}  // namespace

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const auto end = at + word.size();
    if (begins && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

void add_packages(const PythonHome& python, const std::set<std::string>& top_level,
                  Imports& imports) {
  for (const std::string& module : top_level) {
    if (python.of_module(module) != nullptr) imports.packages.insert(module);
  }
  add_required(python, imports);
}

std::string module_of_handler(const std::string& handler) {
  std::string module = handler.substr(0, handler.rfind('.'));
  std::replace(module.begin(), module.end(), '/', '.');
  return module.substr(std::min(module.find_first_not_of('.'), module.size()));
}

std::set<std::string> imported_modules(std::string_view source) {
  constexpr std::size_t k_most_names = 5000;
  std::set<std::string> found;
  while (!source.empty() && found.size() < k_most_names) {
    const auto end = std::min(source.find('\n'), source.size());
    std::string_view line = trimmed(source.substr(0, end));
    source.remove_prefix(std::min(end + 1, source.size()));
    line = line.substr(0, line.find('#'));
    if (line.starts_with("from ")) {
      const auto module = dotted_name(line.substr(5));
      if (!module.empty() && module.front() != '.') {
        found.emplace(module);
        // "from package import module" may name a module, too.
        auto names = line.find(" import ");
        if (names == line.npos) continue;
        for (names += 8; names < line.size();) {
          const auto comma = std::min(line.find(',', names), line.size());
          auto name = trimmed(line.substr(names, comma - names));
          if (name.starts_with('(')) name.remove_prefix(1);
          if (const auto word = dotted_name(name); !word.empty())
            found.insert(std::string(module) + "." + std::string(word));
          names = comma + 1;
        }
      }
    } else if (line.starts_with("import ")) {
      for (std::size_t at = 7; at < line.size();) {
        const auto comma = std::min(line.find(',', at), line.size());
        if (const auto module = dotted_name(line.substr(at, comma - at)); !module.empty())
          found.emplace(module);
        at = comma + 1;
      }
    }
  }
  return found;
}

Imports find_imports(const Subject& subject, const PythonHome& python, const Program& program) {
  Imports imports;
  if (!python.is_known() || program.handler.find('.') == std::string::npos) return imports;
  const auto handler = python.find(module_of_handler(program.handler));
  if (!handler || !handler->is_source) return imports;
  imports.handler_file = file_of(*handler);
  imports.is_known = true;
  const std::string function = program.handler.substr(program.handler.rfind('.') + 1);
  imports.handler_is_defined = has_word(source_of(python, imports.handler_file), function);
  std::vector<std::string> left{imports.handler_file};
  std::set<std::string> seen{imports.handler_file};
  while (!left.empty() && imports.own_files.size() < k_most_sources) {
    const std::string path = std::move(left.back());
    left.pop_back();
    imports.own_files.push_back(path);
    for (const std::string& name : imported_modules(source_of(python, path))) {
      const std::string top = name.substr(0, name.find('.'));
      const auto module = python.find(name);
      if (module && module->is_source && is_own(subject, python, module->path) &&
          python.of_module(top) == nullptr) {
        const std::string file = file_of(*module);
        if (seen.insert(file).second) left.push_back(file);
      } else if (const auto package = python.find(top)) {
        const bool standard = !python.standard_library.empty() &&
                              is_below(package->path, python.standard_library) &&
                              package->path.find("-packages/") == std::string::npos;
        if (!standard && !is_own(subject, python, package->path)) imports.packages.insert(top);
        if (!standard && python.of_module(top) != nullptr) imports.packages.insert(top);
      }
    }
  }
  add_required(python, imports);
  return imports;
}

}  // namespace coldframe::inspect
