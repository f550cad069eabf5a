// The two ways to write an image into one file or directory, behind read_image(). Private to this
// room; they throw DocumentFaults.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "emulator/image/document.hpp"
#include "emulator/image/image_manifest.hpp"

namespace coldframe {

ImageManifest read_layout(const ImageFiles& files, const ImageChoice& choice);
ImageManifest read_docker_archive(const ImageFiles& files, const ImageChoice& choice);

// The configuration and the diff_ids of its layers, of which there must be as many as `image` has
// layers.
void read_image_config(const std::string& text, const std::string& place, ImageManifest& image);

// One of those that a user may have meant.
struct NamedImage {
  std::vector<std::string> names;
  Digest digest;             // empty: not known by one
  std::string architecture;  // empty: not told
};
// The index of the one that is meant; a fault lists what there is.
std::size_t choose_image(const std::vector<NamedImage>& images, const ImageChoice& choice,
                         const std::string& file);

// "amd64": where none is asked for, that of this host.
std::string wanted_architecture(const ImageChoice& choice);

}  // namespace coldframe
