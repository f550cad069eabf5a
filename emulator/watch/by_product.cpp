#include <algorithm>
#include <array>

#include "emulator/watch/file_watcher.hpp"

namespace coldframe {

bool is_by_product(std::string_view name) {
  constexpr std::array<std::string_view, 15> names{
      "__pycache__",        ".git", ".hg",   ".svn",    ".mypy_cache", ".pytest_cache",
      ".ruff_cache",        ".tox", ".idea", ".vscode", ".DS_Store",   ".coverage",
      ".ipynb_checkpoints", ".nfs", "4913"};  // the last: how vim asks whether it may write
  constexpr std::array<std::string_view, 9> ends{
      ".pyc", ".pyo", ".swp", ".swo", ".swx", "~", "___jb_tmp___", "___jb_old___", ".kate-swp"};
  constexpr std::array<std::string_view, 3> starts{".#", "#",
                                                   ".nfs"};  // Emacs; NFS's deleted files
  return std::find(names.begin(), names.end(), name) != names.end() ||
         std::any_of(ends.begin(), ends.end(), [&](auto end) { return name.ends_with(end); }) ||
         std::any_of(starts.begin(), starts.end(),
                     [&](auto start) { return name.starts_with(start); });
}

}  // namespace coldframe
