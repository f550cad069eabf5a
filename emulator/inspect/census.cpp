#include "emulator/inspect/census.hpp"

#include <array>
#include <set>

namespace coldframe::inspect {
namespace {

// Of an image: what the kernel will put there. Of a directory: what no build takes along.
bool is_passed_over(const Subject& subject, const std::string& path) {
  if (!subject.is_image()) return last_part(path) == ".git";
  return path == "/proc" || path == "/sys" || path == "/dev";
}

bool may_be_elf(const CensusFile& file) {
  constexpr std::int64_t k_least = 64;
  if (!file.is_file() || file.bytes < k_least) return false;
  const auto name = file.name();
  const auto so = name.find(".so");
  return (file.mode & 0111) != 0 ||
         (so != name.npos && (so + 3 == name.size() || name[so + 3] == '.'));
}

}  // namespace

bool is_below(std::string_view path, std::string_view directory) {
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

void Census::add(const ImageTree::Node& node) {
  CensusFile file{node.path, node.host_path,           node.info.st_mode,
                  0,         node.info.st_mtim.tv_sec, node.layer};
  if (node.is_file()) file.bytes = node.info.st_size;
  files_.push_back(std::move(file));
}

void Census::find_overwritten(const Subject& subject, const ImageTree::Node& node) {
  const auto parts = subject.tree.parts_of(std::string(parent_of(node.path)));
  if (parts.size() < 2 || parts.back() == node.layer) return;
  for (const std::size_t part : parts) {
    struct stat info {};
    if (part <= node.layer) continue;
    if (::lstat((subject.directories[part] + node.path).c_str(), &info) != 0) continue;
    if (!S_ISREG(info.st_mode)) return;
    overwritten_.push_back({node.path, info.st_size});
  }
}

Census Census::take(const Subject& subject) {
  Census census;
  std::set<std::pair<dev_t, ino_t>> linked;
  subject.tree.walk("/", [&](const ImageTree::Node& node) {
    if (census.files_.size() >= k_most_files) {
      census.is_cut_off_ = true;
      return false;
    }
    census.add(node);
    CensusFile& file = census.files_.back();
    if (node.is_directory()) return !is_passed_over(subject, node.path);
    if (!node.is_file()) return false;
    if (node.info.st_nlink > 1) {
      file.is_first_name = linked.emplace(node.info.st_dev, node.info.st_ino).second;
    }
    if (file.is_first_name) census.visible_bytes_ += file.bytes;
    if (subject.is_image()) census.find_overwritten(subject, node);
    return false;
  });
  census.by_path_.reserve(census.files_.size());
  for (std::size_t i = 0; i < census.files_.size(); ++i)
    census.index(i);
  census.read_elfs();
  return census;
}

void Census::index(std::size_t i) {
  const std::string& path = files_[i].path;
  by_path_.emplace(path, i);
  constexpr std::string_view k_compiled = ".cpython-";
  if (const auto at = path.rfind(k_compiled); at != std::string::npos && path.ends_with(".so"))
    compiled_.emplace(std::string_view(path).substr(0, at + k_compiled.size()), i);
  if (path != "/") children_[parent_of(path)].push_back(i);
}

const CensusFile* Census::find_compiled(std::string_view beginning) const {
  const auto found = compiled_.find(beginning);
  return found == compiled_.end() ? nullptr : &files_[found->second];
}

std::vector<const CensusFile*> Census::children(std::string_view directory) const {
  std::vector<const CensusFile*> out;
  const auto found = children_.find(directory);
  if (found == children_.end()) return out;
  for (const std::size_t i : found->second)
    out.push_back(&files_[i]);
  return out;
}

void Census::read_elfs() {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const CensusFile& file = files_[i];
    if (!may_be_elf(file)) continue;
    const auto bytes = FileBytes::open(file.host_path);
    auto elf = bytes ? read_elf(*bytes) : std::nullopt;
    if (!elf) continue;
    elf_by_file_.emplace(i, elfs_.size());
    elfs_.push_back({i, std::move(*elf)});
  }
}

const CensusFile* Census::find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &files_[found->second];
}

std::span<const CensusFile> Census::below(std::string_view path) const {
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return {};
  std::size_t end = found->second + 1;
  while (end < files_.size() && is_below(files_[end].path, path))
    ++end;
  return std::span(files_).subspan(found->second, end - found->second);
}

const ElfFile* Census::elf_of(const CensusFile& file) const {
  const auto found = elf_by_file_.find(static_cast<std::size_t>(&file - files_.data()));
  return found == elf_by_file_.end() ? nullptr : &elfs_[found->second].elf;
}

}  // namespace coldframe::inspect
