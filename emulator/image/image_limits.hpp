// Bounds of what is taken for an image: Lambda's own where it has one, else far above anything that
// is built on purpose, so that an archive made to hurt ends early.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coldframe::image_limits {

// Source: Lambda quotas, "container image code package size: 10 GB (maximum uncompressed size)".
inline constexpr std::int64_t k_most_image_bytes = std::int64_t{10} << 30;
// An archive with one image of that size, and what its tar headers take.
inline constexpr std::int64_t k_most_archive_bytes = std::int64_t{12} << 30;
inline constexpr std::int64_t k_most_entries = 2'000'000;  // of a layer; a large image has 100 000
inline constexpr std::size_t k_most_layers = 127;          // as docker has it
inline constexpr std::size_t k_most_path_bytes = 4096;
inline constexpr std::size_t k_most_depth = 256;              // directories in a path
inline constexpr std::size_t k_most_xattr_bytes = 64 * 1024;  // of an entry, as the kernel has it
inline constexpr std::size_t k_most_manifest_bytes = std::size_t{4} << 20;  // as registries have it
inline constexpr std::size_t k_most_config_bytes = std::size_t{8} << 20;
inline constexpr int k_most_nesting = 4;               // of an index in an index
inline constexpr std::size_t k_most_manifests = 1000;  // of an index

}  // namespace coldframe::image_limits
