// What is inspected: an image in the store, or the directory of a function.json. Both are an
// ImageTree with what is run in it, so that most checks need not know which it is.
//
//   const Subject subject = of_image(stored, name, file.config);
//   subject.tree.resolve(subject.in_task_root("app.py"))
//
// Of a directory "/" of the tree is the directory itself, which will be /var/task; what lies
// outside (its interpreter's libraries) is unknown, and nothing is said about that. Immutable.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/config/function_file.hpp"
#include "emulator/image/image_tree.hpp"
#include "emulator/image/stored_image.hpp"

namespace coldframe::inspect {

struct SubjectLayer {
  std::string digest;      // of its plain tar
  std::string created_by;  // of its history; empty: not told
  std::int64_t bytes = 0;  // of its files
};

struct Subject {
  std::string name;  // as the user has typed it
  ImageTree tree;
  std::vector<std::string> directories;  // of the tree, the topmost first
  std::optional<ImageManifest> manifest{};
  std::vector<SubjectLayer> layers{};   // the lowest first; none of a directory
  std::string task_root = "/var/task";  // inside
  std::string working_directory = "/";  // inside
  std::vector<std::string> argv{};      // entry point and command; a directory's as found
  std::size_t entry_words = 0;          // how many of them are the entry point's
  std::string handler{};                // of a managed runtime; empty: it stands in argv
  std::string architecture = "x86_64";  // the target's: "x86_64" or "arm64"
  std::map<std::string, std::string> variables{};  // ENV, and Environment.Variables over it
  std::shared_ptr<const UniqueFd> in_use{};

  bool is_image() const { return manifest.has_value(); }
  std::string in_task_root(const std::string& path) const {
    return task_root == "/" ? "/" + path : task_root + "/" + path;
  }
  std::string variable(const std::string& name_of_it) const {
    const auto found = variables.find(name_of_it);
    return found == variables.end() ? "" : found->second;
  }
  // A path inside as people know it: of a directory, relative to it.
  std::string shown(const std::string& path) const;
};

// `config`: what a function.json says over the image; `architecture_given`: and about the machine.
Subject of_image(const StoredImage& image, const std::string& name, const FunctionConfig& config,
                 bool architecture_given);
// `config.task_root` is the directory.
Subject of_directory(const std::string& name, const FunctionConfig& config);

}  // namespace coldframe::inspect
