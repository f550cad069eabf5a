// W4: files of the function's own that Lambda's user, who owns nothing, may not read.
#include <map>

#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {
namespace {

constexpr mode_t k_read = 0004;
constexpr mode_t k_enter = 0005;

struct Group {
  std::string first;
  std::size_t count = 0;
};

// "/a/.git/config", "/.env": nothing that a function is expected to read.
bool is_hidden(const std::string& path) {
  const auto at = path.find("/.");
  return at != std::string::npos && path.compare(at, 6, "/.venv") != 0;
}

}  // namespace

void check_modes(const Look& look, Findings& out) {
  const Subject& subject = look.subject;
  std::map<std::pair<Severity, std::string>, Group> groups;
  std::string closed;  // a directory that nobody gets into: what is in it needs no word
  for (const CensusFile& file : look.census.files()) {
    if (file.is_link() || (!closed.empty() && is_below(file.path, closed))) continue;
    if (!file.is_file() && !file.is_directory()) continue;
    const mode_t wanted = file.is_directory() ? k_enter : k_read;
    if ((file.mode & wanted) == wanted) continue;
    const bool is_used = look.reach(file.path) == Look::Reach::used;
    if (!is_used && !look.is_own(file.path)) continue;
    if (file.is_directory()) closed = file.path;
    const bool hidden = is_hidden(file.path);
    const std::string top = look.is_own(file.path) && subject.is_image()
                                ? (is_below(file.path, subject.task_root) ? subject.task_root
                                   : is_below(file.path, "/opt")          ? "/opt"
                                                                 : subject.working_directory)
                                : std::string(parent_of(file.path));
    Group& group =
        groups[{hidden ? Severity::warning : Severity::error, subject.is_image() ? top : "."}];
    if (group.count++ == 0) group.first = file.path;
  }
  // The parents of what is the function's own.
  for (std::string path = subject.task_root; path.size() > 1; path = std::string(parent_of(path))) {
    const CensusFile* file = look.census.find(path);
    if (file == nullptr || !file->is_directory() || (file->mode & 0001) != 0) continue;
    Group& group = groups[{Severity::error, path}];
    if (group.count++ == 0) group.first = path;
  }
  for (const auto& [kind, group] : groups) {
    out.push_back({"W4", kind.first,
                   std::string(last_part(group.first)) + and_more(group.count, 1) +
                       (group.count == 1 ? " is" : " are") +
                       " closed to others: Lambda's user gets Permission denied",
                   subject.shown(group.first),
                   (subject.is_image() ? "RUN chmod -R o+rX " : "chmod -R o+rX ") + kind.second});
  }
}

}  // namespace coldframe::inspect
