// The files of an image as overlayfs will show them, looked at without mounting anything.
//
//   ImageTree tree(directories_of(stored), stored.has_trusted_xattrs);
//   if (const auto python = tree.resolve("/usr/bin/python3")) … python->path, python->host_path
//   tree.walk("/var/task", [](const ImageTree::Node& node) { …; return true; });
//
// Links are followed inside the image, as a process in it would. It reads the host's file system
// and remembers directories; what is asked for is trusted to stay as it is. One thread at a time.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/image/stored_image.hpp"

namespace coldframe {

class ImageTree {
 public:
  struct Node {
    std::string path;       // absolute, inside; without links but perhaps the last part
    std::string host_path;  // where it can be read
    struct stat info {};
    std::size_t layer = 0;  // of those given
    bool is_directory() const { return S_ISDIR(info.st_mode); }
    bool is_file() const { return S_ISREG(info.st_mode); }
    bool is_link() const { return S_ISLNK(info.st_mode); }
  };

  // The topmost directory first.
  ImageTree(std::vector<std::string> directories, bool trusted_xattrs);

  // What is there; a last link itself. Nothing: there is nothing.
  std::optional<Node> look(std::string_view path) const;
  // The same behind links.
  std::optional<Node> resolve(std::string_view path) const;
  // The first link or part of `path` that leads nowhere, for messages; empty: it leads somewhere.
  std::string dead_end(std::string_view path) const;
  // Names in a directory, sorted; none if it is no directory.
  std::vector<std::string> list(std::string_view path) const;
  // Which of the directories given have a part in this one, the topmost first.
  std::vector<std::size_t> parts_of(const std::string& path) const;
  // All below a directory, a parent before what is in it, links not followed. `visit` returns
  // whether to go into a directory.
  void walk(std::string_view path, const std::function<bool(const Node&)>& visit) const;
  // At most so many bytes from the beginning of a file.
  static std::string beginning(const Node& node, std::size_t most);

 private:
  std::optional<Node> follow(std::string_view path, bool last_too, std::string* dead_end) const;
  std::optional<Node> child(const std::string& directory, const std::string& name) const;
  bool is_opaque(const std::string& host_path) const;

  std::vector<std::string> directories_;
  const char* opaque_;
  mutable std::map<std::string, std::vector<std::size_t>> parts_;
};

// Of an image in the store: its top, then its layers from the highest to the lowest.
std::vector<std::string> directories_of(const StoredImage& image);

}  // namespace coldframe
