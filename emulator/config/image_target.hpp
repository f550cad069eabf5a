// A container image as TARGET: found, imported, and made into what a FunctionConfig says.
//
//   if (auto image = split_image_target("build/scoring.tar:scoring:1")) …   // path and reference
//   auto ok = attach_image(file, *image, options);
//
// What function.json or a flag has said stays; the image gives what is missing. Errors: 2, no
// image, damaged, too large, none for this architecture; 4, the store cannot be used.
#pragma once

#include <optional>
#include <string>

#include "emulator/config/function_file.hpp"
#include "emulator/image/image_store.hpp"

namespace coldframe {

struct ImageOptions {
  std::string store;  // empty: the default one
  ImageStore::Progress progress{};
};

// Whether a file or directory has the form of an image, by its first bytes.
bool looks_like_image(const std::filesystem::path& path);
bool is_named_like_an_archive(std::string_view path);

// "PATH" or "PATH:REFERENCE" where PATH is an image that is there; else nothing.
std::optional<ImageTarget> split_image_target(const std::string& target);

// `file.image_target` says which. Standard input is read if it is that.
Result<void> attach_image(FunctionFile& file, const ImageOptions& options);

}  // namespace coldframe
