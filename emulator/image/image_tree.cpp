#include "emulator/image/image_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <set>

namespace coldframe {
namespace {

constexpr int k_most_links = 40;  // as the kernel follows

bool is_whiteout(const struct stat& info) { return S_ISCHR(info.st_mode) && info.st_rdev == 0; }

std::string below(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// The parts of a path, the last one first: what is still to be walked.
void push_parts(std::string_view path, std::vector<std::string>& parts) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (const auto part = path.substr(at, end - at); !part.empty() && part != ".") {
      found.emplace_back(part);
    }
    at = end + 1;
  }
  parts.insert(parts.end(), found.rbegin(), found.rend());
}

std::string link_target(const std::string& host_path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlink(host_path.c_str(), target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

ImageTree::ImageTree(std::vector<std::string> directories, bool trusted_xattrs)
    : directories_(std::move(directories)),
      opaque_(trusted_xattrs ? "trusted.overlay.opaque" : "user.overlay.opaque") {}

bool ImageTree::is_opaque(const std::string& host_path) const {
  char value = 0;
  return ::lgetxattr(host_path.c_str(), opaque_, &value, 1) == 1 && value == 'y';
}

std::vector<std::size_t> ImageTree::parts_of(const std::string& path) const {
  const auto known = parts_.find(path);
  if (known != parts_.end()) return known->second;
  std::vector<std::size_t> above;
  if (path == "/") {
    for (std::size_t i = 0; i < directories_.size(); ++i)
      above.push_back(i);
  } else {
    above = parts_of(parent_of(path));
  }
  std::vector<std::size_t> parts;
  for (const std::size_t i : above) {
    const std::string host_path = directories_[i] + path;
    struct stat info {};
    if (::lstat(host_path.c_str(), &info) != 0) continue;
    if (!S_ISDIR(info.st_mode)) break;
    parts.push_back(i);
    if (path != "/" && is_opaque(host_path)) break;
  }
  parts_.emplace(path, parts);
  return parts;
}

std::optional<ImageTree::Node> ImageTree::child(const std::string& directory,
                                                const std::string& name) const {
  const std::string path = below(directory, name);
  for (const std::size_t i : parts_of(directory)) {
    Node node{path, directories_[i] + path, {}, i};
    if (::lstat(node.host_path.c_str(), &node.info) != 0) continue;
    if (is_whiteout(node.info)) return std::nullopt;
    return node;
  }
  return std::nullopt;
}

std::optional<ImageTree::Node> ImageTree::follow(std::string_view path, bool last_too,
                                                 std::string* dead_end) const {
  std::vector<std::string> left;
  push_parts(path, left);
  Node at{"/", directories_.empty() ? "" : directories_.front() + "/", {}, 0};
  if (directories_.empty() || ::lstat(at.host_path.c_str(), &at.info) != 0) return std::nullopt;
  const Node root = at;
  for (int links = 0; !left.empty();) {
    const std::string part = std::move(left.back());
    left.pop_back();
    const auto stopped = [&] {
      if (dead_end != nullptr) *dead_end = below(at.path, part);
      return std::nullopt;
    };
    if (!at.is_directory()) {
      if (dead_end != nullptr) *dead_end = at.path;
      return std::nullopt;
    }
    if (part == "..") {
      auto up = at.path == "/" ? root : look(parent_of(at.path));
      if (!up) return stopped();
      at = std::move(*up);
      continue;
    }
    auto next = child(at.path, part);
    if (!next) return stopped();
    if (next->is_link() && (last_too || !left.empty())) {
      const std::string target = link_target(next->host_path);
      if (++links > k_most_links || target.empty()) return stopped();
      push_parts(target, left);
      if (target.front() == '/') at = root;
      continue;
    }
    at = std::move(*next);
  }
  return at;
}

std::optional<ImageTree::Node> ImageTree::look(std::string_view path) const {
  return follow(path, false, nullptr);
}

std::optional<ImageTree::Node> ImageTree::resolve(std::string_view path) const {
  return follow(path, true, nullptr);
}

std::string ImageTree::dead_end(std::string_view path) const {
  std::string where;
  return follow(path, true, &where) ? "" : where;
}

std::vector<std::string> ImageTree::list(std::string_view path) const {
  const auto directory = resolve(path);
  if (!directory || !directory->is_directory()) return {};
  std::set<std::string> names;
  std::set<std::string> gone;
  for (const std::size_t i : parts_of(directory->path)) {
    const std::string host_path = directories_[i] + directory->path;
    const std::unique_ptr<DIR, CloseDirectory> listing(::opendir(host_path.c_str()));
    while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
      const std::string name = entry->d_name;
      if (name == "." || name == ".." || names.contains(name) || gone.contains(name)) continue;
      struct stat info {};
      const bool may_be_whiteout = entry->d_type == DT_CHR || entry->d_type == DT_UNKNOWN;
      if (may_be_whiteout && ::lstat((host_path + "/" + name).c_str(), &info) == 0 &&
          is_whiteout(info)) {
        gone.insert(name);
      } else {
        names.insert(name);
      }
    }
  }
  return {names.begin(), names.end()};
}

void ImageTree::walk(std::string_view path, const std::function<bool(const Node&)>& visit) const {
  auto start = resolve(path);
  if (!start) return;
  std::vector<Node> left{std::move(*start)};
  while (!left.empty()) {
    const Node node = std::move(left.back());
    left.pop_back();
    if (!visit(node) || !node.is_directory()) continue;
    const auto names = list(node.path);
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      if (auto next = child(node.path, *name)) left.push_back(std::move(*next));
    }
  }
}

std::string ImageTree::beginning(const Node& node, std::size_t most) {
  const UniqueFd file(
      ::open(node.host_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file || !node.is_file()) return "";
  std::string text(std::min<std::size_t>(most, static_cast<std::size_t>(node.info.st_size)), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

std::vector<std::string> directories_of(const StoredImage& image) {
  std::vector<std::string> directories;
  if (!image.top.empty()) directories.push_back(image.top);
  for (auto layer = image.layers.rbegin(); layer != image.layers.rend(); ++layer)
    directories.push_back(layer->path);
  return directories;
}

}  // namespace coldframe
