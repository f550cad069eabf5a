// Images by name: docker, podman or skopeo, whichever the user has, writes one down for us, with
// its own credentials.
//
//   if (const auto name = parse_image_name("docker:scoring:1")) …
//   auto id = image_id(*name);                       // what it is, without writing it down
//   auto path = save_image(*name, directory, "amd64");
//
// Errors: 77, the program is not there; 2, it failed: the last thing that it said. Blocks for as
// long as that takes. One thread.
#pragma once

#include <optional>
#include <string>

#include "emulator/base/error.hpp"
#include "emulator/image/sha256.hpp"

namespace coldframe {

enum class ImageTool { docker, podman, skopeo };
const char* to_text(ImageTool tool);

struct ImageName {
  ImageTool tool = ImageTool::docker;
  std::string name;  // as the tool knows it
};

// "docker:NAME", "podman:NAME", "registry:REF"; nothing: it has none of these forms.
std::optional<ImageName> parse_image_name(const std::string& target);
// Of a bare name: docker or podman, if one of them has it here, else the registry through skopeo.
// Error: 77, there is none of these programs.
Result<ImageName> find_image_name(const std::string& name);

// Nothing: it cannot be told without fetching it.
std::optional<Digest> image_id(const ImageName& name);

// The path of an archive or a layout below `directory`. `architecture`: OCI's, empty: the tool's
// own choice.
Result<std::string> save_image(const ImageName& name, const std::string& directory,
                               const std::string& architecture);

}  // namespace coldframe
